/** What the lessons use of sucrase, which is a package of the site and not there when only the library is installed. */
declare module 'sucrase' {
  export const transform: (
    code: string,
    options: {
      readonly transforms: readonly ('typescript' | 'imports')[]
      readonly disableESTransforms: boolean
      readonly production: boolean
    }
  ) => { readonly code: string }
}
