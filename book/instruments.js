// Figures that a reader can change. Each computes from the data beside it, as `book/src/explorer.rs` and `book/src/instruments.rs` do; where
// its results are not theirs, the static figure stays. Nothing is fetched. Also read by a test, which runs the arithmetic in Node.js.
(() => {
'use strict';

const model = {
    /** What a warm request waits for, microseconds. */
    network: (step, delays) => step.counts.reduce((sum, count, index) => sum + count * delays[index], 0),

    /** The median under these delays, microseconds, and of what it consists. */
    median(step, delays, likely) {
        const network = model.network(step, delays);
        const measured = model.network(step, likely);
        const part = measured > 0 ? Math.min(network / measured, 1) : 1;
        const rest = step.loopback + (step.region - measured - step.loopback) * part;
        const cpu = Math.min(step.cpu, Math.max(rest, 0));
        const throttled = Math.min(step.throttled, Math.max(rest - cpu, 0));
        return { all: network + rest, network, cpu, throttled, rest: Math.max(rest - cpu - throttled, 0) };
    },

    /** From the begin of a period until one thread has had its CPU time, milliseconds: the pieces that run, and the end. */
    slices(cpu, memory, { period, vcpu }) {
        const quota = period * Math.min(memory / vcpu, 1);
        const pieces = [];
        for (let left = cpu, start = 0; left > 1e-9; start += period) {
            const piece = Math.min(left, quota);
            pieces.push([start, piece]);
            left -= piece;
        }
        // A whole vCPU is never throttled: its pieces touch.
        const [start, piece] = pieces.at(-1);
        return { pieces, wall: start + piece, quota };
    },

    /** The rates, per second, at which each limit is met; the first one is the smallest. */
    ceilings(duration, concurrency, asks, { each, quota }) {
        const all = [
            ['concurrency', concurrency / (duration / 1000), 'environments are all busy: rate x duration'],
            ['request rate', concurrency * each, `${each} requests a second for each unit of concurrency`],
        ];
        if (asks) {
            all.push(['Parameter Store', quota, 'its quota, asked in every request']);
        }
        return all.sort((one, other) => one[1] - other[1]);
    },
};

if (typeof module !== 'undefined') {
    module.exports = model;
} else {
    start();
}

function start() {
    const make = (name, attributes = {}, ...children) => {
        const element = document.createElement(name);
        Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
        element.append(...children);
        return element;
    };
    const time = us => {
        const digits = value => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
        return us < 1000 ? `${Math.round(us)} µs` : `${digits(us / 1000)} ms`;
    };

    /** A labelled slider; `told` writes its value. */
    function slider(name, { min = 0, max, step, value }, told, changed) {
        const input = make('input', { type: 'range', min, max, step, value });
        const output = make('output');
        const tell = () => {
            output.textContent = told(Number(input.value));
            input.setAttribute('aria-valuetext', output.textContent);
        };
        input.addEventListener('input', () => { tell(); changed(); });
        tell();
        return {
            element: make('label', {}, make('span', {}, name), input, output),
            get value() { return Number(input.value); },
            set value(to) { input.value = to; tell(); },
        };
    }

    function button(text, action) {
        const element = make('button', { type: 'button' }, text);
        element.addEventListener('click', action);
        return element;
    }

    const instruments = { explorer, quota, age, limits };
    for (const place of document.querySelectorAll('.instrument')) {
        try {
            const data = JSON.parse(place.querySelector('script').textContent);
            const live = instruments[place.dataset.instrument](data);
            place.append(make('div', { class: 'live' }, ...live));
            place.classList.add('ready');
        } catch (error) {
            console.error(place.dataset.instrument, error);
        }
    }

    function agree(mine, theirs, what) {
        if (Math.abs(mine - theirs) > 0.5) {
            throw new Error(`${what}: ${mine} here, ${theirs} in the lab`);
        }
    }

    function explorer({ delays, steps }) {
        const likely = delays.map(it => it.likely);
        const settings = { 'as measured': likely, 'no distance': delays.map(() => 0), low: delays.map(it => it.low), high: delays.map(it => it.high) };
        steps.forEach(step => [likely, settings['no distance'], likely.map(it => it * 2.5)].forEach((setting, index) => {
            agree(model.median(step, setting, likely).all, step.check[index], step.name);
        }));

        const linked = new URLSearchParams(location.hash.slice(1)).get('delays')?.split(',').map(Number);
        const first = linked?.length === delays.length && linked.every(it => it >= 0) ? linked : likely;
        const sliders = delays.map((delay, index) => slider(delay.name, { max: delay.most, step: 50, value: first[index] }, time, draw));
        const from = make('select', { 'aria-label': 'steps that are shown' }, ...['00', '03', '05', '11'].map(it => make('option', { value: it }, `${it} and later`)));
        from.addEventListener('change', draw);
        const presets = Object.entries(settings).map(([name, values]) => button(name, () => {
            sliders.forEach((it, index) => { it.value = values[index]; });
            draw();
        }));
        const rows = make('div', { class: 'rows' });
        const said = make('p', { role: 'status' });
        const errors = steps.map(step => (step.loopback + model.network(step, likely) - step.region) / step.region);
        const mean = errors.reduce((sum, it) => sum + Math.abs(it), 0) / errors.length;
        const worst = Math.max(...errors.map(Math.abs));
        const note = make('p', { class: 'note' },
            `Tick: measured. On the right: how many times as fast as the step before. The same arithmetic, from the measurement without distance to the one with it, misses by ${(mean * 100).toFixed(0)} % on average and ${(worst * 100).toFixed(0)} % at most. `
            + 'Throttling and CPU time are means; the rest is what neither explains. The address above holds your setting.');

        function draw() {
            const setting = sliders.map(it => it.value);
            const shown = steps.filter(step => step.short >= from.value);
            const medians = new Map(steps.map(step => [step.name, model.median(step, setting, likely)]));
            const isAt = known => setting.every((it, index) => Math.abs(it - known[index]) < 26);
            const measured = isAt(likely) ? 'region' : isAt(settings['no distance']) ? 'loopback' : null;
            const most = Math.max(...shown.map(step => Math.max(medians.get(step.name).all, measured ? step[measured] : 0)));
            const share = us => `${(100 * us / most).toFixed(2)}%`;
            const gains = [];
            rows.replaceChildren(...shown.map(step => {
                const median = medians.get(step.name);
                const before = medians.get(steps[steps.indexOf(step) - 1]?.name);
                const gain = before ? before.all / median.all : null;
                if (gain) gains.push([step.short, gain]);
                const parts = ['network', 'cpu', 'throttled', 'rest'].map(part => make('span', { class: part, style: `width:${share(median[part])}`, title: `${part}: ${time(median[part])}` }));
                const bar = make('span', { class: 'bar', role: 'img', 'aria-label': `network ${time(median.network)}, CPU ${time(median.cpu)}, throttled ${time(median.throttled)}, rest ${time(median.rest)}` }, ...parts);
                if (measured) bar.append(make('span', { class: 'tick', style: `left:${share(step[measured])}`, title: `measured: ${time(step[measured])}` }));
                const told = !gain ? '' : `${gain.toFixed(2)}x`;
                return make('div', { class: 'row' }, make('span', { class: 'name' }, step.name), bar, make('span', { class: 'number' }, time(median.all)),
                    make('span', { class: gain >= 1.5 ? 'number large' : 'number' }, told));
            }));
            const large = gains.filter(([, gain]) => gain >= 1.5).sort((one, other) => other[1] - one[1]).map(([name, gain]) => `${name} (${gain.toFixed(1)}x)`);
            const slower = gains.filter(([, gain]) => gain < 0.97).map(([name]) => name);
            said.textContent = `At least 1.5 times as fast as the step before: ${large.join(', ') || 'none'}.` + (slower.length ? ` Slower: ${slower.join(', ')}.` : '');
            const hash = measured === 'region' ? '' : `#delays=${setting.join(',')}`;
            history.replaceState(null, '', location.pathname + location.search + hash);
        }
        draw();
        const key = make('p', { class: 'key' }, ...[['network', 'network: counts x delays'], ['cpu', 'CPU'], ['throttled', 'throttled'], ['rest', 'rest']]
            .flatMap(([name, text]) => [make('span', { class: name }), ` ${text} `]));
        return [make('div', { class: 'sliders' }, ...sliders.map(it => it.element)), make('p', { class: 'presets' }, ...presets, from), key, rows, said, note];
    }

    function quota(facts) {
        facts.check.forEach(it => agree(model.slices(it.cpu, it.memory, facts).wall, it.wall, `${it.cpu} ms at ${it.memory} MB`));
        const memory = slider('memory', { min: 128, max: 1792, step: 64, value: 256 }, it => `${it} MB`, draw);
        const cpu = slider('CPU time of the request', { min: 0.5, max: 40, step: 0.5, value: 4 }, it => `${it} ms`, draw);
        const strip = make('div', { class: 'strip' });
        const said = make('p', { role: 'status' });
        function draw() {
            const { pieces, wall, quota } = model.slices(cpu.value, memory.value, facts);
            const periods = Math.max(2, Math.ceil(wall / facts.period - 1e-9));
            const share = ms => `${(100 * ms / (periods * facts.period)).toFixed(2)}%`;
            strip.replaceChildren(
                make('span', { class: 'wait', style: `left:0;width:${share(wall)}` }),
                ...pieces.map(([start, ms]) => make('span', { class: 'run', style: `left:${share(start)};width:${share(ms)}` })),
                ...Array.from({ length: periods - 1 }, (_, index) => make('span', { class: 'mark', style: `left:${share((index + 1) * facts.period)}` })));
            said.textContent = `${quota.toFixed(1)} ms of each ${facts.period} ms: the request takes ${wall.toFixed(1)} ms, of which it stands still for ${(wall - cpu.value).toFixed(1)} ms. `
                + 'It begins with a period; one that begins within a period has what is left of it.';
        }
        draw();
        return [make('div', { class: 'sliders' }, memory.element, cpu.element), strip, said];
    }

    function age({ fresh, kept }) {
        const age = slider('age of the kept bytes', { max: 15, step: 0.5, value: 4 }, it => `${it} s`, draw);
        const frozen = slider('of which frozen', { max: 15, step: 0.5, value: 3 }, it => `${it} s`, draw);
        const said = make('p', { role: 'status' });
        function draw() {
            const [old, slept] = [age.value, Math.min(frozen.value, age.value)];
            const what = old <= fresh ? 'Served as they are.' : old <= kept ? 'Served, and fetched anew beside the answer.' : 'Fetched first: the request waits for new bytes.';
            const timer = old - slept;
            const fooled = timer <= kept && old > kept ? ` A timer that stood still with the environment would say ${timer} s, and serve them.` : '';
            said.textContent = `${what}${fooled}`;
        }
        draw();
        return [make('div', { class: 'sliders' }, age.element, frozen.element), said];
    }

    function limits(facts) {
        const duration = slider('duration of a request', { min: 1, max: 1000, step: 1, value: 40 }, it => `${it} ms`, draw);
        const rate = slider('requests a second', { min: 10, max: 12000, step: 10, value: 1000 }, it => it.toLocaleString('en'), draw);
        const asks = make('input', { type: 'checkbox' });
        const young = make('input', { type: 'checkbox' });
        [asks, young].forEach(it => it.addEventListener('change', draw));
        const said = make('p', { role: 'status' });
        function draw() {
            const concurrency = young.checked ? facts.new : facts.concurrency;
            const [[name, at, why], ...others] = model.ceilings(duration.value, concurrency, asks.checked, facts);
            const busy = rate.value * duration.value / 1000;
            const round = value => Math.round(value).toLocaleString('en');
            said.textContent = `${busy < 10 ? busy.toFixed(1) : round(busy)} environments are busy on average. First limit: ${name}, at ${round(at)} a second (${why})`
                + `; then ${others.map(([name, at]) => `${name}, ${round(at)}`).join('; ')}. `
                + (rate.value > at ? 'This rate is above it: requests are refused.' : 'This rate is below it.');
        }
        draw();
        return [make('div', { class: 'sliders' }, duration.element, rate.element), make('p', { class: 'presets' },
            make('label', {}, asks, ' asks Parameter Store in every request'), make('label', {}, young, ` a new account (${facts.new} environments)`)), said];
    }
}
})();
