/** How to read the page, at its top. */
export const introduction = `# Benchmarks

The last run of each, written by \`npm run bench\` (all) or \`npm run bench -- <name>\`. Do not edit.

How to read it: contenders take turns, so that whatever else the machine does falls on all of them.
Microseconds depend on the machine and on its load, given in the header of each run; **ratios**
compare turns that ran side by side and carry over best. A p99 on a busy machine is mostly the
machine's. Before anything is timed, whoever judges tokens has to accept a good one and to refuse a
tampered one.

- **Within one process** (verify-first, verify-again, the first columns of guard) turns are slices of
  some milliseconds. Each token is a new string each time, as an HTTP parser makes it: a string that
  is used again keeps its hash, which flatters every cache ten times.
- **Over HTTP** (http, the other columns of guard) each contender is a process of its own, and so is
  the load. "CPU µs a request" is the processor time of the server: what a service pays for. "Busy"
  is the share of the time in which an event loop had something to do. With a server near 100 %,
  requests a second are the most that it can serve; with a load near 100 % they are the most that
  the load can ask for, and only CPU compares.
- **revocation-list** gives each list a process of its own, in which it is read, asked and pruned. A
  pause is the time in which that process could not have answered a request.
- **Charts** whose bars differ by orders of magnitude have a logarithmic scale, and say so: each line
  across is ten times the one before. In a histogram, height is how often a time was measured, lines
  of another colour point out quantiles and aims, and the last bar may gather all that lies beyond.
`;
