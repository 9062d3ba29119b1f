// Pages of the API reference that show every parameter list of a curried function, as a plugin of TypeDoc and a theme on top of
// typedoc-plugin-markdown: that shows the first list alone, its types lose the mark of an inner parameter that has a default, and
// what is taken apart or was inferred from another function's list has no names.
import { Converter, ParameterReflection, ReflectionFlag, ReflectionKind } from 'typedoc'
import { MarkdownTheme, MarkdownThemeContext } from 'typedoc-plugin-markdown'

const ordinals = ['second', 'third', 'fourth', 'fifth']

/** The signature of what a signature gives, where that is one function and nothing else. */
const nextCall = (signature) => {
  const { signatures = [], children = [] } = signature.type?.declaration ?? {}
  return signatures.length === 1 && children.length === 0 ? signatures[0] : undefined
}

/** A name for a parameter by its type: `checkpoint` for a Checkpoint, `options` for PgdOptions and for what has no name. */
const nameByType = ({ type, name = 'Options' }) =>
  type !== 'reference' || /(Options|Constraints|Pick)$/.test(name)
    ? 'options'
    : name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (capitals) => capitals.toLowerCase())

class CurriedContext extends MarkdownThemeContext {
  constructor(...given) {
    super(...given)
    const { signatureReturns, parametersTable } = this.partials
    // no default is an empty cell
    this.helpers.getParameterDefaultValue = ({ defaultValue }) => defaultValue ?? ' '
    this.partials.parametersTable = (parameters) => parametersTable(parameters).replaceAll('| ` ` |', '| |')
    // what a signature shows after its parameters: those of each further call, then what the last one gives
    this.partials.signatureReturns = (signature, options, call = 0) => {
      const next = nextCall(signature)
      if (next === undefined) return signatureReturns(signature, options)
      return [
        `${'#'.repeat(options.headingLevel)} Parameters of the ${ordinals[call]} call`,
        next.parameters?.length ? this.partials.parametersTable(next.parameters) : 'None.',
        this.partials.signatureReturns(next, options, call + 1)
      ].join('\n\n')
    }
  }
}

class CurriedTheme extends MarkdownTheme {
  getRenderContext(page) {
    return new CurriedContext(this, page, this.application.options)
  }
}

/** The parameters of a signature, those of a rest parameter by their names. */
const namedParameters = (signature, project) =>
  signature.parameters?.flatMap((parameter) => {
    const { flags, type } = parameter
    if (
      !flags.isRest ||
      type?.type !== 'tuple' ||
      type.elements.some((one) => one.type !== 'namedTupleMember')
    )
      return [parameter]
    return type.elements.map(({ name, element, isOptional }) => {
      const named = new ParameterReflection(name, ReflectionKind.Parameter, signature)
      named.type = element
      named.setFlag(ReflectionFlag.Optional, isOptional)
      project.registerReflection(named)
      return named
    })
  })

export const load = (app) => {
  app.renderer.defineTheme('curried', CurriedTheme)
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const signature of project.getReflectionsByKind(ReflectionKind.CallSignature))
      signature.parameters = namedParameters(signature, project)
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
      if (parameter.defaultValue !== undefined) parameter.setFlag(ReflectionFlag.Optional)
      if (parameter.name === '__namedParameters') parameter.name = nameByType(parameter.type)
    }
  })
}
