// Pictures that are not files: of the camera, and of the clipboard. Both fail if they are denied.
vidu.takePhoto = async (dialog) => {
  const video = dialog.querySelector('video');
  const stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment'}});
  video.srcObject = stream;
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((done) => { dialog.addEventListener('close', done, {once: true}); });
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext('2d').drawImage(video, 0, 0);
  stream.getTracks().forEach((track) => track.stop());
  if (dialog.returnValue !== 'take') return;
  const photo = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', 0.95); });
  vidu.addPictures([new File([photo], 'photo.jpg', {type: photo.type})]);
};

vidu.pastePictures = async () => {
  const [item] = await navigator.clipboard.read();
  const type = item.types.find((each) => each.startsWith('image/'));
  vidu.addPictures([new File([await item.getType(type)], 'pasted.png', {type})]);
};
