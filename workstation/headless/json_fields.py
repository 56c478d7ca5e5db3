"""With --json every line is one JSON object, whose "event" says what it tells of.

part: one part, after it was written to the record.
  number      its row in the record; 0 while it could not be written
  part_id     name of the part
  attempt     1, or more where the part came again
  taken_at    when its picture was taken: UTC, ISO 8601
  source      folder, camera, stream, video or simulator
  simulated   true for drawn parts
  outcome     OK, REVIEW, NG or fault
  score       raw, higher is more abnormal; null for a fault
  limits      t1 (above it REVIEW), t2 (above it NG), pixel (of the map); null for a fault
  regions     what stands out: x, y, width, height, area_px, peak, peak_x, peak_y in pixels
              of the picture
  latency_ms  from the decoded picture to the verdict; null for a fault
  release     id of the release that judged; null where none was loaded
  warning     a sentence where light, focus or place drift; else null
  fault       picture, health, trigger, late, engine or record; null for a verdict
  reason      a sentence why there is no verdict; null for a verdict

state: the engine is in another state, or has another sentence for it.
  at          UTC, ISO 8601; so in all that follow
  state       Preoperational, Initialized, Ready, SingleExecution, ContinuousExecution,
              Error or Halted (OPC 40100-1)
  sentence    the same for people

release: what judges from now on.
  at, release (its id), part (name of the kind of part), limits (t1, t2, pixel)

source: the source was lost or is back, or skipped pictures.
  at, name, sentence, healthy (false: lost), waiting (pictures not yet taken),
  skipped (frames overwritten before they were taken), late (triggers that had to wait)

message: something could not be done, and the run goes on.
  at, sentence

ending: the run is about to end; the part in hand still comes.
  at, reason

ended: the last line.
  at, reason, failure (why what was asked could not be done; null where it was), exit_code,
  parts, outcomes (how many of each)
"""
