import { useData } from 'vitepress'
import { defineComponent, h, onBeforeUnmount, onMounted, ref } from 'vue'
import type { Block } from '../../lessons/frame/mount.js'

/** A block of a lesson: its prose is in the page as it is written, and what lives in it is added in the browser. */
const block = (kind: Block['kind'], more = '') =>
  defineComponent({
    props: { id: { type: String, required: true }, after: { type: String, default: undefined } },
    setup({ id, after }, { slots }) {
      const host = ref<HTMLElement>()
      const hidden = ref<HTMLElement>()
      const { page } = useData()
      let isGone = false
      let unmount = (): void => undefined
      onMounted(async () => {
        const lesson = page.value.relativePath.replace(/^lessons\/|\.md$/g, '')
        const { mountBlock } = await import('../../lessons/frame/mount.js')
        if (host.value === undefined) return
        const element = { kind, lesson, id, host: host.value, after, more: hidden.value }
        const close = await mountBlock(element)
        if (isGone) close()
        else unmount = close
      })
      onBeforeUnmount(() => {
        isGone = true
        unmount()
      })
      if (kind === 'code')
        return () =>
          h('details', { class: 'details custom-block' }, [
            h('summary', 'The code that computed this figure'),
            slots.default?.(),
            h('div', { ref: host, class: 'lesson-block lesson-code', 'data-id': id })
          ])
      return () =>
        h('section', { class: ['lesson-block', `lesson-${kind}-block`] }, [
          slots.default?.(),
          h('div', { ref: host, class: `lesson-${kind}`, 'data-id': id }),
          slots[more] && h('div', { ref: hidden, class: 'lesson-more', hidden: true }, slots[more]())
        ])
    }
  })

export const Code = block('code')
export const Figure = block('figure', 'more')
export const Predict = block('predict', 'answer')
export const Exercise = block('exercise', 'hint')
