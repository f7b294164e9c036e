# The one that crashes now and then, with nothing to show for it.
echo "report of $(date -u +%FT%TZ)"
sleep 6
echo "out of paper" >&2
exit 3
