type Child = Node | string | undefined

/** An element with attributes, properties that are functions (`onclick`) and children. */
export const el = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value === true) made.setAttribute(name, '')
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value))
  made.append(...children.filter((child) => child !== undefined))
  return made
}

/** A button that does something. */
export const button = (text: string, act: () => void, attributes: Readonly<Record<string, string>> = {}) => {
  const made = el('button', { type: 'button', ...attributes }, text)
  made.addEventListener('click', act)
  return made
}

/** Undoes several things. */
export const all =
  (...undo: readonly (() => void)[]) =>
  (): void =>
    undo.forEach((each) => each())

/** Listens until what it returns is called. */
export const listen = <Name extends keyof HTMLElementEventMap>(
  target: HTMLElement | Document,
  name: Name,
  act: (event: HTMLElementEventMap[Name]) => void
): (() => void) => {
  const listener = (event: Event): void => act(event as HTMLElementEventMap[Name])
  target.addEventListener(name, listener)
  return () => target.removeEventListener(name, listener)
}
