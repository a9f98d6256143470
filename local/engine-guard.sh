# Runs the engine given as arguments and makes sure that it never outlives the process that wanted it.
#
# Standard input is a pipe held open by that process. A line on it means "stop now". Its end means that the
# process is gone, however it died (the kernel closes pipes even after SIGKILL), or wants an orderly stop:
# the engine then gets a second to finish what it has accepted. DynamoDB Local answers a transaction a
# moment before it commits it; killed in between, it loses a write that the caller saw succeed.

exec 3<&0

"$@" </dev/null 3<&- &
engine=$!

{
  read -r _ <&3 || sleep 1
  kill "$engine"
  tenths=0
  while [ "$tenths" -lt 50 ]; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  kill -9 "$engine"
} &
watcher=$!

# The engine's process id cannot be given to another program before this line has reaped it, and the
# watcher goes right after, so its signals always hit the engine.
wait "$engine"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
