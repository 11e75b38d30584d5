// Plays videos in sync. The longest leads. The others keep up by changing their speed, which nobody
// notices; seeking takes time itself, so with that alone they would never catch up. Videos may come
// and go meanwhile. A hidden page draws no frames, so it does nothing.
vidu.inSync = (videos, tell) => {
  const JUMP = 0.25; // seconds
  let playing = false, lead, begun = new WeakSet();
  const longestFirst = () => [...videos()].sort((a, b) => (b.duration || 0) - (a.duration || 0));
  const run = (video) => {
    begun.add(video);
    video.play().catch(() => {}); // refused: it stays paused, `step` sees it
  };
  const seek = (time) => longestFirst().forEach((video) => {
    video.currentTime = Math.min(time, video.duration || 0);
  });
  const pause = () => {
    playing = false;
    longestFirst().forEach((video) => video.pause());
    tell();
  };
  const follow = (video) => {
    if (!begun.has(video)) run(video);
    if (!video.readyState || video.ended || video.seeking) return;
    if (video.paused) run(video);
    const behind = lead.currentTime - video.currentTime;
    if (Math.abs(behind) > JUMP) video.currentTime = Math.min(lead.currentTime, video.duration);
    else video.playbackRate = 1 + 3 * behind;
  };
  const step = () => {
    const [longest, ...others] = longestFirst();
    if (!playing || !longest) return;
    if (lead !== longest) { // one that is longer has come, or its length is known only now
      if (others.includes(lead)) longest.currentTime = lead.currentTime;
      lead = longest;
      lead.playbackRate = 1;
      if (!begun.has(lead)) run(lead);
    }
    if (lead.ended) {
      seek(0);
      run(lead);
    }
    if (lead.paused) return pause();
    others.forEach(follow);
    tell();
    requestAnimationFrame(step);
  };
  const play = () => {
    document.querySelectorAll('video').forEach((video) => video.pause());
    [playing, lead, begun] = [true, undefined, new WeakSet()];
    tell();
    requestAnimationFrame(step);
  };
  return {play, pause, seek, longestFirst, isPlaying: () => playing};
};
