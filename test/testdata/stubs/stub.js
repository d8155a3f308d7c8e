// Prints the addresses of a name, or the name of an address, by Node: "lookup" uses
// the C library, and "resolve" uses c-ares.
const dns = require('node:dns').promises;

const [how, what] = process.argv.slice(2);
const reverse = /^[0-9]/.test(what);

async function ask() {
  if (how === 'lookup' && reverse) return [(await dns.lookupService(what, 80)).hostname];
  if (how === 'lookup') return (await dns.lookup(what, { all: true })).map((a) => a.address);
  if (reverse) return dns.reverse(what);
  // The application asks two questions, and gets two answers.
  const answers = await Promise.allSettled([dns.resolve4(what), dns.resolve6(what)]);
  return answers.flatMap((a) => a.value ?? a.reason.code);
}

ask().then((found) => found.forEach((f) => console.log(f)), (err) => console.log(err.code));
