// Predictions that are answered by a click. Without this script the page reads as it stands: a question, three answers, a folded result.
// The choice is kept in this browser alone (localStorage), and counts once the result has been opened.
(() => {
    'use strict';
    const KEY = 'workshop-predictions';
    const WORDS = ['', 'first', 'second', 'third'];

    function load() {
        try {
            return JSON.parse(localStorage.getItem(KEY)) || {};
        } catch {
            return {};
        }
    }

    function save(all) {
        try {
            localStorage.setItem(KEY, JSON.stringify(all));
        } catch {
            // A browser that keeps nothing: the choice lasts as long as the page.
        }
    }

    /** The questions of this page, each with the answer that follows it. */
    function questions() {
        const main = document.querySelector('main');
        const quotes = main ? [...main.querySelectorAll('blockquote')] : [];
        const asked = quotes.filter(quote => quote.querySelector('strong')?.textContent === 'Predict.');
        const answers = main ? [...main.querySelectorAll('.answer')] : [];
        return asked.length === 1 && answers.length === 1 ? { quote: asked[0], answer: answers[0] } : null;
    }

    function ask({ quote, answer }) {
        const page = location.pathname.split('/').pop().replace(/\.html$/, '');
        const title = document.querySelector('main h1').textContent.trim();
        const right = Number(answer.dataset.answer);
        const result = answer.closest('details');
        const state = load()[page] || {};
        const said = document.createElement('span');
        answer.append(' ', said);

        const buttons = [...quote.querySelectorAll('ol > li')].map((item, index) => {
            const button = document.createElement('button');
            button.type = 'button';
            button.append(...item.childNodes);
            item.append(button);
            button.addEventListener('click', () => {
                state.choice = index + 1;
                keep();
            });
            return button;
        });
        const note = document.createElement('p');
        note.className = 'predict-note';
        note.setAttribute('role', 'status');
        quote.append(note);
        quote.classList.add('predict');

        function keep() {
            save({ ...load(), [page]: { ...state, title, right } });
            show();
        }

        function show() {
            buttons.forEach((button, index) => {
                button.setAttribute('aria-pressed', String(state.choice === index + 1));
                button.disabled = Boolean(state.seen);
                button.classList.toggle('right', Boolean(state.seen) && index + 1 === right);
            });
            if (state.seen) {
                const agreed = state.choice === right ? 'You were right.' : `You predicted the ${WORDS[state.choice]}.`;
                said.textContent = state.choice ? agreed : 'You made no prediction.';
                note.textContent = state.choice ? agreed : '';
            } else {
                note.textContent = state.choice ? 'Kept. You can change it until you open the result.' : 'Click an answer; this browser keeps it.';
            }
        }

        result?.addEventListener('toggle', () => {
            if (result.open && !state.seen) {
                state.seen = true;
                keep();
            }
        });
        show();
    }

    /** How often the reader was right, on the page of the whole ladder. */
    function tell(score) {
        const of = Number(score.dataset.predictions);
        const all = Object.values(load()).filter(it => it.seen && it.choice);
        if (all.length === 0) {
            return;
        }
        const right = all.filter(it => it.choice === it.right);
        const missed = all.filter(it => it.choice !== it.right).map(it => it.title);
        score.textContent = `You were right in ${right.length} of ${all.length} predictions`
            + (all.length < of ? ` (the book asks for ${of})` : '')
            + (missed.length ? `. What surprised you: ${missed.join(', ')}. ` : '. ');
        const forget = document.createElement('button');
        forget.type = 'button';
        forget.textContent = 'Forget them';
        forget.addEventListener('click', () => {
            save({});
            score.textContent = '';
        });
        score.append(forget);
    }

    const found = questions();
    if (found) {
        ask(found);
    }
    document.querySelectorAll('.score').forEach(tell);
})();
