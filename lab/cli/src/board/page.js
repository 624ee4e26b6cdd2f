'use strict';
const $ = id => document.getElementById(id);
const still = matchMedia('(prefers-reduced-motion: reduce)');
const rows = () => [...$('board').querySelectorAll('tr[data-key]')];
const kept = new Proxy({}, {
  get(_, key) { try { return localStorage.getItem(key) || ''; } catch { return ''; } },
  set(_, key, value) { try { localStorage.setItem(key, value); } catch { } return true; },
});

// The rows of somebody who sent something: until when they are marked.
const marked = new Map();
const MARKED_MS = 8000;

function showBoard(html) {
  const before = new Map(rows().map(row => [row.dataset.key, [row.getBoundingClientRect().top, row.dataset.tries]]));
  const next = document.createElement('template');
  next.innerHTML = html;
  $('board').replaceChildren(next.content);
  const now = performance.now();
  for (const row of rows()) {
    const [top, tries] = before.get(row.dataset.key) || [];
    const person = row.dataset.tries !== undefined;
    if (person && tries !== row.dataset.tries) marked.set(row.dataset.key, now);
    const since = now - marked.get(row.dataset.key);
    if (since < MARKED_MS) { row.classList.add('new'); row.style.animationDelay = -since + 'ms'; }
    if (still.matches) continue;
    const away = top - row.getBoundingClientRect().top;
    if (away) row.animate([{ transform: `translateY(${away}px)` }, { transform: 'none' }], { duration: 900, easing: 'ease-in-out' });
    else if (top === undefined && person) row.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 900 });
  }
  showMe();
}

function showMe() {
  const me = $('me').value.trim();
  const mine = rows().filter(row => me && row.dataset.label === me);
  for (const row of rows()) row.classList.toggle('me', mine.includes(row));
  const [row] = mine;
  $('mine').textContent = !me ? '' : !row ? 'not here yet' : `place ${row.querySelector('.place').textContent}, ${row.querySelector('.score').textContent}`;
  return row;
}

function showQuestion(html) {
  let article = $('question').querySelector('article');
  if (html !== undefined) {
    const next = document.createElement('template');
    next.innerHTML = html;
    const then = next.content.querySelector('article');
    const open = it => it?.hasAttribute('data-open') && it.dataset.chapter;
    // While people choose, the number alone changes: a button that is about to be pressed stays where it is.
    if (open(article) && open(article) === open(then)) article.querySelector('.count').replaceWith(then.querySelector('.count'));
    else $('question').replaceChildren(next.content);
    article = $('question').querySelector('article');
  }
  if (!article) return;
  const mine = kept['answer ' + article.dataset.chapter];
  for (const button of article.querySelectorAll('button')) {
    const chosen = button.dataset.answer === mine;
    button.classList.toggle('mine', chosen);
    button.setAttribute('aria-pressed', chosen);
  }
}

async function post(path, body, code) {
  const headers = code ? { 'x-board-code': code } : {};
  try {
    const answer = await fetch(path, { method: 'POST', body, headers });
    return [answer.ok, await answer.text()];
  } catch {
    return [false, 'the board cannot be reached: is it still running?'];
  }
}

const voter = kept.voter || [...crypto.getRandomValues(new Uint8Array(12))].map(it => it.toString(16).padStart(2, '0')).join('');
kept.voter = voter;
$('question').addEventListener('click', async event => {
  const button = event.target.closest('button[data-answer]');
  if (!button || button.disabled) return;
  const { chapter } = button.closest('article').dataset;
  const answer = Number(button.dataset.answer);
  const [taken, said] = await post('vote', JSON.stringify({ chapter, voter, answer }));
  if (taken) kept['answer ' + chapter] = String(answer);
  else $('live').textContent = said;
  showQuestion();
});

$('line').addEventListener('submit', async event => {
  event.preventDefault();
  const form = event.target;
  const [taken, said] = await post('.', form.elements.line.value, form.elements.code?.value.trim());
  $('said').textContent = said;
  if (taken) form.elements.line.value = '';
});

$('control').addEventListener('submit', async event => {
  event.preventDefault();
  const { code, chapter } = event.target.elements;
  const stage = event.submitter.value;
  const show = stage ? { chapter: chapter.value, stage } : null;
  const [, said] = await post('show', JSON.stringify(show), code.value.trim());
  $('control-said').textContent = said;
});

$('me').value = kept.me;
$('me').addEventListener('input', () => {
  kept.me = $('me').value.trim();
  showMe()?.scrollIntoView({ block: 'center', behavior: still.matches ? 'auto' : 'smooth' });
});
showMe();
showQuestion();

const events = new EventSource('events');
events.addEventListener('board', event => showBoard(event.data));
events.addEventListener('question', event => showQuestion(event.data));
events.onopen = () => { $('live').textContent = 'live'; };
events.onerror = () => { $('live').textContent = 'not connected, trying again'; };
