// While a picture is selected, Gradio's gallery hides the controls that add or clear pictures.
vidu.unselect = () => ({__type__: 'update', selected_index: null});

// More pictures may have arrived during the check, so only the checked ones are changed.
vidu.swap = (swaps, gallery) => {
  const path = (item) => (item.image ?? item.video).path;
  const put = (item) => {
    const found = swaps?.[path(item)];
    if (found === undefined || found?.path === path(item)) return item;
    return found && {image: {...found, meta: {_type: 'gradio.FileData'}}, caption: null};
  };
  return [(gallery ?? []).map(put).filter((item) => item), String(Date.now())];
};

// The note is about these pictures, before and after the swap. It disappears with others.
vidu.takeBackNote = (gallery, swaps, note) => {
  const now = (gallery ?? []).map((item) => (item.image ?? item.video).path);
  const left = Object.values(swaps ?? {}).filter((found) => found).map((found) => found.path);
  const about = now.every((path) => path in (swaps ?? {}) || left.includes(path));
  const whole = Object.entries(swaps ?? {})
    .every(([path, found]) => !found || now.includes(path) || now.includes(found.path));
  return {__type__: 'update', visible: about && whole && Boolean(note)};
};
