const HUES = 8;

/** A name in its parts. */
export interface NameParts {
  /** Whose people these are; null for our own. No name of our own has a slash. */
  readonly namespace: string | null;
  readonly name: string;
}

/** Takes a name apart: `namespace/name` for a person from outside. */
export function nameParts(username: string): NameParts {
  const slash = username.indexOf("/");
  if (slash < 0) return { namespace: null, name: username };
  return { namespace: username.slice(0, slash), name: username.slice(slash + 1) };
}

/** One of eight hues, always the same for a person. */
export function hueOf(userId: string): number {
  let hash = 0;
  for (const character of userId) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % HUES;
}

/** The first letter of a name, whole even where it takes several code points. */
export function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name);
  return (first?.segment ?? "?").toLocaleUpperCase();
}

/** What an avatar shows: `A`, or `I/A` for a person from outside, whom it shall not make one of us. */
export function initialsOf(username: string): string {
  const { namespace, name } = nameParts(username);
  return namespace === null ? initialOf(name) : `${initialOf(namespace)}/${initialOf(name)}`;
}
