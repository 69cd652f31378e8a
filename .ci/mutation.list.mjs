// The list of survivors in docs/mutation.md, as mutation.mjs compares it with a run.

/** How the list names a file or a folder. */
export const nameOf = (file) =>
  file.replace(/^libs\/jwt-core\/src\/|^apps\/(?=auth\/)/, '').replace(/^auth\/src\//, 'auth/');

/** The lines of survivors in the page. Each stands for one mutant, up to the reason. */
export const survivorsIn = (page) =>
  page.split('\n').filter((line) => line.startsWith('- `') && line.includes(' → '));

/**
 * Takes the lines of these survivors out of the list.
 * @returns those that it does not have
 */
export function takeListed(listed, survivors) {
  return survivors.filter((line) => {
    const at = listed.findIndex((each) => each.startsWith(`${line}: `));
    if (at >= 0) listed.splice(at, 1);
    return at < 0;
  });
}

/** Of what is left of the list, the lines about files of a folder: they no longer survive. */
export const leftOver = (listed, folder) =>
  listed.filter((line) => line.startsWith(`- \`${nameOf(folder)}/`));

/** Whether a run shows what the list says. A mutant that could not be tried shows nothing. */
export const isGood = ({ score, unlisted, failed }, leastScore) =>
  score >= leastScore && unlisted === 0 && failed === 0;
