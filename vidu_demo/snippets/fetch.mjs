// Save it as video.mjs, then: node video.mjs (Node 18 or newer)
import { readFileSync, writeFileSync } from "node:fs";

const API = "§base_url";
const key = process.env.NOVITA_API_KEY || stop("Set NOVITA_API_KEY to your key.");
const headers = { Authorization: `Bearer ${key}` };
const PAUSE = §pause; // seconds between polls

const dataUri = (mime, name) => `data:${mime};base64,${readFileSync(name, "base64")}`;

function stop(message) {
  console.error(message);
  process.exit(1);
}

async function read(answer) {
  if (!answer.ok) stop(`HTTP ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

const payload = {
§fields,
};

async function make(payload) {
  // Sent once and never retried: a request whose answer is lost may still buy a video.
  const answer = await fetch(`${API}§submit_path`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(payload),
  });
  const { task_id } = await read(answer);
  console.log(`Task ${task_id}`);

  let result;
  do {
    await new Promise((resolve) => setTimeout(resolve, PAUSE * 1000));
    result = await read(await fetch(`${API}§result_path?task_id=${task_id}`, { headers }));
    const { status, reason } = result.task;
    console.log(status);
    if (status === "TASK_STATUS_FAILED") stop(`Task ${task_id} failed: ${reason}`);
  } while (result.task.status !== "TASK_STATUS_SUCCEED");

  // The link is signed: it is used as it came, and its host gets no key.
  const video = await fetch(result.videos[0].video_url);
  if (!video.ok) stop(`The video could not be fetched: HTTP ${video.status}`);
  writeFileSync(`${task_id}.mp4`, new Uint8Array(await video.arrayBuffer()));
  console.log(`${task_id}.mp4`);
}

§run
