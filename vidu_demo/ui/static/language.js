// The language is a cookie, so that the server knows it with every request, and it is the
// navigator's, which Gradio asks. Where no cookie is kept, both follow the browser.
vidu.speak = (cookie, languages) => {
  const framed = window.location.protocol === 'https:';
  const scope = framed ? 'SameSite=None; Secure; Partitioned' : 'SameSite=Lax';
  vidu.choose = (language) => {
    document.cookie = `${cookie}=${language}; Path=/; Max-Age=31536000; ${scope}`;
  };
  const address = new URL(window.location);
  const linked = address.searchParams.get('lang');
  if (linked) {
    const asked = languages.find((language) => language.split('-')[0] === linked);
    if (asked) vidu.choose(asked);
    address.searchParams.delete('lang');
    window.history.replaceState(window.history.state, '', address);
  }
  const kept = document.cookie.split('; ');
  const chosen = languages.find((language) => kept.includes(`${cookie}=${language}`));
  if (chosen) Object.defineProperty(navigator, 'language', {value: chosen});
  const chinese = /^zh-(cn|tw)$/i.test(navigator.language); // as on the server
  document.documentElement.lang = chinese ? 'zh-CN' : 'en';
};

// What Gradio has translated stays as it is, so the page is loaded again.
vidu.language = (element) => {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-language]');
    if (!button) return;
    vidu.choose(button.dataset.language);
    window.location.reload();
  });
};
