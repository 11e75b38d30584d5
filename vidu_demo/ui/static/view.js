// What a click changed may be off screen.
vidu.show = (place) => {
  const element = document.querySelector(place);
  if (!element) return;
  vidu.openPartOf(element);
  element.scrollIntoView({behavior: 'smooth', block: 'nearest'});
};

vidu.focus = (place) => {
  const element = document.querySelector(place);
  if (!element) return;
  vidu.openPartOf(element);
  element.focus();
};

// For events that pass their values on unchanged.
vidu.showing = (place) => (...values) => {
  vidu.show(place);
  return values;
};

vidu.focusing = (place) => (...values) => {
  vidu.focus(place);
  return values;
};

// What is typed next replaces the text. Gradio fills the box a little later, which unselects it.
vidu.selecting = (place) => (text) => {
  const MOST_FRAMES = 60;
  const box = document.querySelector(place);
  vidu.focus(place);
  const select = (frame) => {
    if (box.value === text || frame > MOST_FRAMES) box.select();
    else requestAnimationFrame(() => select(frame + 1));
  };
  select(0);
};

vidu.nothing = () => '';

vidu.now = () => String(Date.now());

vidu.revealing = (count) => () => Array(count).fill({__type__: 'update', visible: true});

// For what is only asked for while it is in sight: empty as long as it is not.
vidu.askAgain = (asked) => asked && vidu.now();

// The server draws the place a moment later.
vidu.focusOnceDrawn = (selector) => {
  new MutationObserver((_, watching) => {
    const place = document.querySelector(selector);
    if (!place) return;
    watching.disconnect();
    place.focus();
  }).observe(document.querySelector('#pictures'), {attributes: true, childList: true, subtree: true});
};
