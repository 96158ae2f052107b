// The three scripts. What can follow is the same everywhere: the next words of the table, then a command's options and
// the values they may have.

import { globalOptions, type Option } from "../../command.js";
import { table } from "../../table.js";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What may stand after `words`. */
interface Place {
  readonly words: readonly string[];
  readonly next: readonly { readonly word: string; readonly says: string }[];
  readonly options: readonly Option[];
}

async function readPlaces(): Promise<readonly Place[]> {
  const commands = await Promise.all(table.map(async ({ words, load }) => ({ words, command: await load() })));
  const starts = new Set(commands.flatMap(({ words }) => words.map((_, at) => words.slice(0, at).join(" "))));
  for (const { words } of commands) starts.add(words.join(" "));
  return [...starts].map((start) => {
    const words = start === "" ? [] : start.split(" ");
    const below = commands.filter((entry) => words.every((word, at) => entry.words[at] === word));
    const own = below.find((entry) => entry.words.length === words.length)?.command;
    const nextWords = [...new Set(below.flatMap((entry) => entry.words.slice(words.length, words.length + 1)))];
    const next = nextWords.map((word) => {
      const exact = below.find((entry) => entry.words.join(" ") === [...words, word].join(" "));
      return { word, says: exact?.command.summary ?? `Commands of ${word}` };
    });
    const shellNames = words.join(" ") === "completion" ? shells.map((word) => ({ word, says: `For ${word}` })) : [];
    return { words, next: [...next, ...shellNames], options: [...(own?.options ?? []), ...globalOptions] };
  });
}

/** In single quotes for every one of the three shells, where it holds no single quote itself. */
const quote = (text: string): string => `'${text.replaceAll("'", "’")}'`;

const valuesOf = (places: readonly Place[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    places
      .flatMap(({ options }) => options)
      .flatMap(({ name, choices }) => (choices === undefined ? [] : [[name, choices] as const])),
  );

const takesValue = (places: readonly Place[]): readonly string[] => [
  ...new Set(
    places.flatMap(({ options }) => options).flatMap(({ name, value }) => (value === undefined ? [] : [name])),
  ),
];

export async function completionScript(shell: Shell): Promise<string> {
  const places = await readPlaces();
  return { bash, zsh, fish }[shell](places);
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ words, next, options }) => {
    const candidates = [...next.map(({ word }) => word), ...options.map(({ name }) => `--${name}`)];
    return `    ${quote(words.join(" "))}) candidates=${quote(candidates.join(" "))} ;;`;
  });
  const values = [...valuesOf(places)].map(
    ([name, choices]) => `    --${name}) candidates=${quote(choices.join(" "))} ;;`,
  );
  const others = takesValue(places).map((name) => `--${name}`);
  return `# bash completion for jitnode
_jitnode() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} candidates='' place='' at word
  case $previous in
${values.join("\n")}
    *-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${others.join("|")}) return ;;
  esac
  if [ -z "$candidates" ]; then
    for ((at = 1; at < COMP_CWORD; at++)); do
      word=\${COMP_WORDS[at]}
      case $word in
        ${others.join("|")}) ((at++)) ;;
        -*) ;;
        *) if _jitnode_is_place "\${place:+$place }$word"; then place="\${place:+$place }$word"; else break; fi ;;
      esac
    done
    case $place in
${cases.map((text) => `  ${text}`).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
_jitnode_is_place() {
  case $1 in
    ${places
      .filter(({ words }) => words.length > 0)
      .map(({ words }) => quote(words.join(" ")))
      .join("|")}) return 0 ;;
  esac
  return 1
}
complete -F _jitnode jitnode
`;
}

function zsh(places: readonly Place[]): string {
  const entry = (word: string, says: string): string => quote(`${word.replaceAll(":", "\\:")}:${says}`);
  const cases = places.map(({ words, next, options }) => {
    const candidates = [
      ...next.map(({ word, says }) => entry(word, says)),
      ...options.map(({ name, description }) => entry(`--${name}`, description)),
    ];
    return `    ${quote(words.join(" "))}) candidates=(${candidates.join(" ")}) ;;`;
  });
  const values = [...valuesOf(places)].map(
    ([name, choices]) =>
      `    --${name}) candidates=(${choices.map((choice) => quote(choice)).join(" ")}); _describe value candidates; return ;;`,
  );
  const others = takesValue(places).map((name) => `--${name}`);
  return `#compdef jitnode
# zsh completion for jitnode
_jitnode() {
  local place='' word previous=\${words[CURRENT-1]}
  local -a candidates
  local -i at
  case $previous in
${values.join("\n")}
    *-file) _files; return ;;
    ${others.join("|")}) return ;;
  esac
  for ((at = 2; at < CURRENT; at++)); do
    word=\${words[at]}
    case $word in
      ${others.join("|")}) ((at++)) ;;
      -*) ;;
      *) if _jitnode_is_place "\${place:+$place }$word"; then place="\${place:+$place }$word"; else break; fi ;;
    esac
  done
  case $place in
${cases.join("\n")}
  esac
  _describe jitnode candidates
}
_jitnode_is_place() {
  case $1 in
    ${places
      .filter(({ words }) => words.length > 0)
      .map(({ words }) => quote(words.join(" ")))
      .join("|")}) return 0 ;;
  esac
  return 1
}
# As a file of fpath it is the function itself; sourced, it registers it.
if [ "\${funcstack[1]}" = _jitnode ]; then _jitnode "$@"; else compdef _jitnode jitnode; fi
`;
}

function fish(places: readonly Place[]): string {
  const condition = (words: readonly string[]): string => quote(`__jitnode_at ${words.join(" ")}`.trimEnd());
  const lines = places.flatMap(({ words, next, options }) => [
    ...next.map(
      ({ word, says }) => `complete -c jitnode -f -n ${condition(words)} -a ${quote(word)} -d ${quote(says)}`,
    ),
    ...options.map(({ name, description, value, choices }) => {
      const needsValue = value === undefined ? "" : name.endsWith("-file") ? " -r -F" : " -x";
      const list = choices === undefined ? "" : ` -a ${quote(choices.join(" "))}`;
      return `complete -c jitnode -n ${condition(words)} -l ${name}${needsValue}${list} -d ${quote(description)}`;
    }),
  ]);
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => quote(words.join(" ")));
  return `# fish completion for jitnode
function __jitnode_at
  set -l place
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip -eq 1
      set skip 0
      continue
    end
    switch $word
      case ${takesValue(places)
        .map((name) => quote(`--${name}`))
        .join(" ")}
        set skip 1
      case '-*'
      case '*'
        if contains -- (string join ' ' $place $word) ${known.join(" ")}
          set -a place $word
        else
          break
        end
    end
  end
  test "$place" = "$argv"
end
complete -c jitnode -f
${lines.join("\n")}
`;
}
