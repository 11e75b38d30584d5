// Shares the shown video: the buttons are in a menu, the dialog is beside it. What the server answers
// is a link for the dialog, or a file to download.
vidu.share = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    if (button.dataset.do === 'open') {
      vidu.showLink('');
      document.querySelector('#share dialog').showModal();
    }
    trigger('click', {do: button.dataset.do});
  });
};

vidu.shareDialog = (element, trigger) => {
  element.addEventListener('click', async (event) => {
    const act = event.target.closest('[data-do]')?.dataset.do;
    if (act === 'copy') {
      const copied = await vidu.copy(element.querySelector('code').textContent);
      element.querySelector('.copied').hidden = !copied;
    } else if (act) trigger('click', {do: act});
  });
};

vidu.showLink = (id) => {
  const find = (selector) => document.querySelector(`#share ${selector}`);
  const {origin, pathname, hostname} = window.location;
  find('code').textContent = id && `${origin}${pathname}?watch=${id}`;
  for (const only of ['.address', '[data-do=copy]', '[data-do=revoke]']) find(only).hidden = !id;
  find('[data-do=make]').hidden = Boolean(id);
  find('.local').hidden = !id || !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
  find('.copied').hidden = true;
};

// The page says over everything what went wrong, but not over an open dialog.
vidu.closeShare = () => { document.querySelector('#share dialog').close(); };

vidu.tellShare = (news) => {
  if (!news) return;
  if (news.url === undefined) { vidu.showLink(news.link); return; }
  const anchor = document.createElement('a');
  anchor.href = news.url;
  anchor.download = news.name;
  anchor.click();
};
