// Sends the visitor's own key to the app, in a header, and stores it in the browser only if they say so.
vidu.ownKey = (element, trigger) => {
  const STORED = 'vidu-demo-own-key';
  const place = () => element.querySelector('[data-visitor]');
  const tell = (text) => { element.querySelector('.said').textContent = text; };
  const ask = async (method, key) => {
    const known = place().dataset;
    const headers = {[known.visitorHeader]: known.visitor};
    if (key) headers[known.keyHeader] = key;
    try {
      const answer = await fetch('key', {method, headers, cache: 'no-store'});
      if (!answer.ok) tell(await answer.text());
      return answer.ok;
    } catch {
      tell(known.lost);
      return false;
    }
  };
  const give = async (key, remember) => {
    if (!/^[!-~]+$/.test(key)) return tell(place().dataset.odd);
    tell(place().dataset.checking);
    if (!await ask('POST', key)) return;
    if (remember) localStorage.setItem(STORED, key);
    trigger('submit');
  };
  const forget = async () => {
    localStorage.removeItem(STORED);
    if (await ask('DELETE')) trigger('submit');
  };
  let arrived = false;
  const arrive = () => {
    if (!place()) return;
    const stored = localStorage.getItem(STORED);
    element.querySelectorAll('.remembered').forEach((part) => { part.hidden = !stored; });
    if (arrived) return;
    arrived = true;
    if (stored && !place().dataset.known) give(stored, true);
  };
  new MutationObserver(arrive).observe(element, {childList: true, subtree: true});
  arrive();
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const input = element.querySelector('input[type=password]');
    give(input.value.trim(), element.querySelector('input[type=checkbox]').checked);
  });
  element.addEventListener('click', (event) => {
    if (event.target.closest('[data-do=forget]')) forget();
  });
  // Ctrl+Enter anywhere else on the page buys.
  element.addEventListener('keydown', (event) => event.stopPropagation());
};
