// Gradio's loader counts its seconds in a loop of frames that never ends: it keeps the processor busy
// for as long as the page is open (Gradio 6.31). So no loop that began before the page was there may
// go on for much longer.
vidu.endLoader = () => {
  const MOST_FRAMES = 30;
  const request = window.requestAnimationFrame.bind(window);
  let drawn; // the early loop that a frame is being drawn of
  window.requestAnimationFrame = (draw) => {
    if (vidu.welcomed && !drawn) return request(draw);
    const loop = drawn ?? {frames: 0};
    if (vidu.welcomed && ++loop.frames > MOST_FRAMES) return 0;
    return request((time) => {
      drawn = loop;
      try {
        draw(time);
      } finally {
        drawn = undefined;
      }
    });
  };
};
