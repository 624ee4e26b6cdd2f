// `npm run acknowledgements`: what cdk-nag finds and this workshop does on purpose, and why.

import { acknowledgements } from '../lib/acknowledgements.ts';

for (const { id, stacks, reason } of acknowledgements) {
    console.log(`${id}\n    ${stacks.source}: ${reason}`);
}
