import { repositoryPages } from './.vitepress/repository.ts'

/** The pages whose text is outside docs/. */
export default {
  paths: () => Object.entries(repositoryPages()).map(([page, content]) => ({ params: { page }, content }))
}
