// Two units, until a signal comes; then what became of them.
import { Runner, Unit } from 'slotway';

const units = ['a', 'b'].map((name) => new Unit(`units.${name}`).get(`/units/${name}`, () => name));
const run = new Runner(units).run();
await Promise.all(units.map((unit) => unit.live()));
console.log('live');
for (const { identity, reason, metrics } of (await run).registrations) {
  console.log(`${identity}: ${reason.name} ${metrics.received}`);
}
