// The browser's storage can be denied to a page in a frame. Gradio's components read it while the
// page is built, and one that fails takes others down with it, such as the timer that refreshes the
// jobs. This replaces a storage that is denied, full or broken: what can be read is still read, and
// what can't be written lasts until the page is left. Nothing here may throw.
vidu.standInForStorage = (visitorKey) => {
  for (const name of ['localStorage', 'sessionStorage']) {
    const attempt = (use) => {
      try { return use(window[name]) ?? null; } catch { return null; }
    };
    const works = attempt((store) => {
      store.setItem('vidu-demo-probe', 'kept');
      const kept = store.getItem('vidu-demo-probe');
      store.removeItem('vidu-demo-probe');
      return kept === 'kept';
    });
    if (works) continue;
    const native = attempt((store) => store);
    const read = (key) => {
      try { return native?.getItem(key) ?? null; } catch { return null; }
    };
    const values = new Map();
    const instead = {
      getItem: (key) => (values.has(String(key)) ? values.get(String(key)) : read(key)),
      setItem: (key, value) => {
        values.set(String(key), String(value));
        try { native?.setItem(key, value); } catch { /* it is in `values` */ }
      },
      removeItem: (key) => {
        values.set(String(key), null);
        try { native?.removeItem(key); } catch { /* it is gone from here */ }
      },
    };
    Object.defineProperty(window, name, {value: instead, configurable: true});
    if (name === 'localStorage' && !read(visitorKey))
      document.documentElement.style.setProperty('--vidu-unkept', 'block');
  }
};
