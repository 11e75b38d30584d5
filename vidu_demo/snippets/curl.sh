#!/usr/bin/env bash
# Save it as video.sh, then: bash video.sh (curl 7.76 or newer)
set -euo pipefail

api=§base_url
pause=§pause # seconds between polls
: "${NOVITA_API_KEY:?Set it to your key.}"

ask() { # the answer goes to $answer; an HTTP error shows what the API says and stops
  answer=$(curl --silent --show-error --fail-with-body --max-time 120 \
    --header "Authorization: Bearer $NOVITA_API_KEY" "$@") || { echo "$answer" >&2; exit 1; }
}

text() { # a text in $answer, by its name; JSON may write & as \u0026 and / as \/
  local pattern='"'$1'" *: *"(([^"\]|\\.)*)"'
  [[ $answer =~ $pattern ]] || { echo "No $1 in $answer" >&2; exit 1; }
  printf %b "$(sed 's/\\u00/\\x/g; s,\\/,/,g' <<< "${BASH_REMATCH[1]}")"
}

data_uri() { printf 'data:%s;base64,' "$1"; base64 < "$2" | tr -d '\n'; }
§pictures
make() { # buys one video and fetches it
  # Sent once and never retried: a request whose answer is lost may still buy a video.
  ask "$api§submit_path" \
    --header 'Content-Type: application/json' --data-binary @- << JSON
{
§fields
}
JSON
  task_id=$(text task_id)
  echo "Task $task_id"

  while sleep "$pause"; do
    ask "$api§result_path?task_id=$task_id"
    status=$(text status)
    echo "$status"
    case $status in
      TASK_STATUS_FAILED) echo "Task $task_id failed: $(text reason)" >&2; exit 1 ;;
      TASK_STATUS_SUCCEED) break ;;
    esac
  done

  # The link is signed: it is used as it came, and its host gets no key.
  curl --silent --show-error --fail --globoff --location --output "$task_id.mp4" "$(text video_url)"
  echo "$task_id.mp4"
}

§run
