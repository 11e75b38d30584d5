// For those who have asked their system for less motion, no video starts by itself.
vidu.lessMotion = () => {
  const less = matchMedia('(prefers-reduced-motion: reduce)');
  const hold = ({target}) => {
    if (!less.matches || !target.matches('#video video')) return;
    target.autoplay = false;
    // Gradio calls this, too, when the video is there.
    target.play = () => Promise.resolve();
    setTimeout(() => delete target.play);
  };
  ['loadstart', 'loadeddata'].forEach((name) => document.addEventListener(name, hold, true));
};
