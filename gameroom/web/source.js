/**
 * Checks an engine's source before it runs: for imports, and for syntax that the lockdown cannot
 * remove, such as `**`.
 *
 * It knows no engine and no room, and imports nothing; the worker loads it as text. It splits
 * JavaScript into tokens, but does not parse it. The token before a slash decides whether it starts
 * a division or a regular expression, which is correct except for a division after a `}`. So this
 * only helps honest authors; the worker provides the security.
 */

const IDENTIFIER = /[\p{ID_Start}$_\\#][\p{ID_Continue}$\u200c\u200d\\]*/uy;
const NUMBER = /0[xXoObB][\da-fA-F_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?n?/y;
const SPACE = /(?:\s|\/\/.*|\/\*[^]*?\*\/|^#!.*)+/y;
const STRING = /'[^'\\\n\r]*(?:\\[^][^'\\\n\r]*)*'|"[^"\\\n\r]*(?:\\[^][^"\\\n\r]*)*"/y;
const REGEX = /\/((?:[^\\/[\n\r\u2028\u2029]|\\.|\[(?:[^\]\\\n\r\u2028\u2029]|\\.)*\])+)\/([\p{ID_Continue}$]*)/uy;
const TEMPLATE = /[^`\\$]*(?:(?:\\[^]|\$(?!\{))[^`\\$]*)*(`|\$\{)/y;
const PUNCTUATOR = /\*\*=?|=>|\+\+|--|\?\.(?!\d)|\.\.\.|[^]/uy;

/** After these words an expression begins. After any other word it has ended. */
const BEFORE_EXPRESSION = new Set(`await case delete do else extends in instanceof new return throw typeof void yield`.split(" "));
const BEFORE_CONDITION = new Set(["if", "while", "for", "with"]);

/**
 * The tokens of a source: {kind, text, at}. kind: name, number, string, regex, template or
 * punctuator. A template has one token for each of its text parts. Invalid JavaScript is ignored:
 * the import of the engine will report it.
 */
export function* tokensOf(source) {
  let at = 0;
  let before = null;
  /** The open brackets: "(", "[", "{", and "${" in a template; for "(" also whether it belongs to a
   * condition. */
  const open = [];
  let isValue = false; // whether the last token ended a value, so that a slash is a division
  const match = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const token = (kind, found, ends) => {
    before = { kind, text: found[0], at, found };
    at += found[0].length;
    isValue = ends;
    return before;
  };
  while (at < source.length) {
    let found;
    if ((found = match(SPACE))) at += found[0].length;
    else if (source[at] === "`" || (source[at] === "}" && open.at(-1)?.text === "${")) {
      if (source[at] === "}") open.pop();
      const start = at;
      at += 1;
      found = match(TEMPLATE);
      if (found === null) return;
      const text = source.slice(start, at + found[0].length);
      at = start;
      if (found[1] === "${") open.push({ text: "${" });
      yield token("template", [text], found[1] === "`");
    } else if ((found = match(STRING))) yield token("string", found, true);
    else if ((found = match(NUMBER))) yield token("number", found, true);
    else if ((found = match(IDENTIFIER))) {
      const isMember = before?.text === "." || before?.text === "?.";
      yield token("name", found, isMember || !BEFORE_EXPRESSION.has(found[0]));
    } else if (source[at] === "/" && !isValue && (found = match(REGEX))) yield token("regex", found, true);
    else {
      found = match(PUNCTUATOR);
      const [text] = found;
      let ends = false;
      if (text === "(") open.push({ text, isCondition: before?.kind === "name" && BEFORE_CONDITION.has(before.text) });
      else if (text === "[" || text === "{") open.push({ text });
      else if (text === ")" || text === "]" || text === "}") {
        const opened = open.pop();
        ends = text !== "}" && opened?.isCondition !== true;
      } else if (text === "++" || text === "--") ends = true;
      yield token("punctuator", found, ends);
    }
  }
}

const valueOf = (token) => (token?.kind === "number" ? Number(token.text.replaceAll("_", "")) : NaN);
const isBig = (token) => token?.kind === "number" && token.text.endsWith("n");

/** `2 ** 32` is the same everywhere, and so is a power with a BigInt in it. */
function isExact(tokens, i) {
  if (isBig(tokens[i - 1]) || isBig(tokens[i + 1])) return true;
  let end = i;
  while (tokens[end + 2]?.text === "**") end += 2;
  let value = valueOf(tokens[end + 1]);
  for (let j = end; j >= i; j -= 2) {
    const base = valueOf(tokens[j - 1]);
    if (!Number.isSafeInteger(base) || !Number.isSafeInteger(value) || value > 1024) return false;
    const power = BigInt(base) ** BigInt(value);
    if (power > 2n ** 53n) return false;
    value = Number(power);
  }
  return true;
}

const POWER = "browsers round `**` differently, except between whole-number literals such as 2 ** 32: use kit.pow(a, b), or x * x";
const IMPORT = "an engine is one file without imports: bundle your code into it; the kit is the argument of `export default (kit) => engine`";
const META = "import.meta differs between machines";
const PROPERTY = "\\p{...} depends on the browser's version of Unicode: list the characters, as in [a-zA-Z]";
const CASELESS = "the flag i beyond a-z depends on the browser's version of Unicode: list both cases";

/** Why browsers can match this regular expression differently, or null. */
export function misfitRegex(pattern, flags) {
  if (/[uv]/.test(flags) && /(?:^|[^\\])(?:\\\\)*\\[pP]\{/.test(pattern)) return PROPERTY;
  if (flags.includes("i") && /[^\0-\x7f]|(?:^|[^\\])(?:\\\\)*\\[ux]/.test(pattern)) return CASELESS;
  return null;
}

function whyNot(tokens, i) {
  const { kind, text, found } = tokens[i];
  const [last, next] = [tokens[i - 1]?.text, tokens[i + 1]?.text];
  if (kind === "regex") return misfitRegex(found[1], found[2]);
  if (text === "**") return isExact(tokens, i) ? null : POWER;
  if (text === "**=") return isBig(tokens[i + 1]) ? null : POWER;
  if (kind !== "name" || last === "." || last === "?.") return null;
  if (text === "import" && next === ".") return META;
  // Ignore a name in a literal or a class: `{ import: 1 }`, or `import() {}` in a class.
  if (text === "import" && next !== ":") return IMPORT;
  if (text === "export" && isFromElsewhere(tokens, i)) return IMPORT;
  return null;
}

/** `export * from`, `export { a } from`. */
function isFromElsewhere(tokens, i) {
  if (tokens[i + 1]?.text === "*") return true;
  if (tokens[i + 1]?.text !== "{") return false;
  const end = tokens.findIndex(({ text }, j) => j > i && text === "}");
  return end > 0 && tokens[end + 1]?.text === "from" && tokens[end + 2]?.kind === "string";
}

/**
 * The errors in an engine's source, as sentences that begin with the place:
 * "engine.js, line 12, column 7: ...". Empty for a source that can run.
 * @returns {string[]}
 */
export function misfitsOf(source) {
  const tokens = [...tokensOf(source)];
  const said = [];
  let [line, start, seen] = [1, 0, 0];
  tokens.forEach(({ at }, i) => {
    const why = whyNot(tokens, i);
    if (why === null) return;
    for (const { index, 0: end } of source.slice(seen, at).matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
      line += 1;
      start = seen + index + end.length;
    }
    seen = at;
    said.push(`engine.js, line ${line}, column ${at - start + 1}: ${why}`);
  });
  return said;
}
