// What a click has changed may be out of sight.
vidu.show = (place) => {
  document.querySelector(place)?.scrollIntoView({behavior: 'smooth', block: 'nearest'});
};

// For events whose values go on unchanged.
vidu.showing = (place) => (...values) => {
  vidu.show(place);
  return values;
};

vidu.focusing = (place) => (...values) => {
  document.querySelector(place)?.focus();
  return values;
};
