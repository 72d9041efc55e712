#!/bin/sh
# demo.sh RANKBOOK NOTEBOOK OUT RANKS - replays a notebook and shows what it gave
set -eu

begin=$(date +%s%N)
"$1" replay "$2" -n "$4" -o "$3" --print
end=$(date +%s%N)
echo
echo "$2 ran on $4 MPI ranks in $(((end - begin) / 1000000)) ms"
echo "the executed notebook: $3"
