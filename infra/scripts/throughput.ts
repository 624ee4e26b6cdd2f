// `npm run throughput -- on|off`: Parameter Store's higher throughput, for a room.

import { Prices } from '../lib/prices.ts';
import { loadWorkspace } from '../lib/workspace.ts';
import { aws } from './aws.ts';
import { Failure, parse, run } from './command-line.ts';

const usage = 'npm run throughput -- on|off';

/** docs.aws.amazon.com, Systems Manager user guide, "Increasing or resetting Parameter Store throughput". */
const setting = ['--setting-id', '/ssm/parameter-store/high-throughput-enabled'];

await run(async () => {
    const [word] = parse(usage).names;
    if (word !== 'on' && word !== 'off') throw new Failure(`usage: ${usage}`);
    if (word === 'off') {
        await aws('ssm', 'reset-service-setting', ...setting);
        return console.log('Parameter Store is back at its usual quota, without a price for each request.');
    }
    await aws('ssm', 'update-service-setting', ...setting, '--setting-value', 'true');
    const { quota, usdPer10000 } = new Prices(loadWorkspace().root).higherThroughput();
    console.log(
        `Parameter Store now answers ${quota} GetParameter requests a second, and each 10,000 cost ${usdPer10000} USD, for the whole ` +
            'account and Region. When you are done: npm run throughput -- off',
    );
});
