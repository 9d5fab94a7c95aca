// The same declarations, as those see them who require the package.

import slotway = require('slotway');

const worker: slotway.Worker = new slotway.Worker('usage');
worker.get('/', (req: slotway.Request) => req.path);
// @ts-expect-error there is no such thing
slotway.nothing;
