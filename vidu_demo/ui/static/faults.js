// Gradio doesn't show what went wrong with this page's calls, so their answers are read on the way.
// A gateway that answers in the app's place is a lost connection: then Gradio waits until the app is
// back, and loads the page again.
vidu.hearFaults = () => {
  const GATEWAYS = [502, 503, 504];
  const ask = window.fetch;
  const tell = (detail) => document.dispatchEvent(new CustomEvent('vidu:answer', {detail}));
  window.fetch = async (address, options) => {
    if (!String(address).includes('/gradio_api/run/')) return ask(address, options);
    const call = JSON.parse(options.body).fn_index;
    let answer;
    try {
      answer = await ask(address, options);
      if (GATEWAYS.includes(answer.status)) throw new TypeError('The app was not reached.');
    } catch (error) {
      tell({kind: 'lost'});
      throw error;
    }
    const {status} = answer;
    const said = answer.ok ? {} : await answer.clone().json().catch(() => ({}));
    tell({call, status, card: said.title === 'vidu' ? said.error : ''});
    return answer;
  };
};

// Shows one card at a time, about the latest fault, until the same call works or it is closed. Once
// the connection is lost, nothing else counts.
vidu.faults = (element) => {
  const KINDS = {401: 'signed-out', 413: 'large'};
  const place = element.querySelector('[role=alert]');
  const spoken = element.querySelector(`[lang="${document.documentElement.lang}"]`);
  const known = (kind) => spoken.querySelector(`[data-kind=${kind}]`).innerHTML;
  const name = (call) => (
    window.gradio_config.dependencies.find(({id}) => id === call)?.api_name ?? '');
  const kindOf = (call, status) => {
    if (status < 500) return KINDS[status] ?? 'outdated';
    return name(call).startsWith('buy') ? 'unknown' : 'failed';
  };
  let shown, closed, lost = false;
  document.addEventListener('vidu:answer', ({detail: {kind, call, status, card}}) => {
    if (lost) return;
    lost = kind === 'lost';
    if (status < 400) {
      if (call === closed) closed = undefined;
      if (call === shown) place.replaceChildren();
    } else if (lost || call !== closed) {
      place.dataset.kind = card ? 'told' : kind ?? kindOf(call, status);
      place.innerHTML = card || known(place.dataset.kind);
      shown = call;
    }
  });
  element.addEventListener('click', ({target}) => {
    if (!target.closest('[data-do=close]')) return;
    place.replaceChildren();
    // The page refreshes by itself, and would say it again each time.
    if (name(shown) === 'refresh') closed = shown;
  });
};
