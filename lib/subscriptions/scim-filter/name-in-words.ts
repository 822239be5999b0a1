/** A name in a filter can be as long as the filter. */
const longestShown = 100;

/** A name as the author of a filter is told of it. */
export function nameInWords(name: string): string {
  return name.length <= longestShown ? `\`${name}\`` : `\`${name.slice(0, longestShown)}…\``;
}
