# An honest one: commits and tags in the git repository, then claims the tag.
. workers/store.sh
open_stores
n=0
while :; do
  n=$((n + 1))
  tag="release-$$-$n"
  in_releases commit --quiet --allow-empty --message "$tag"
  in_releases tag "$tag"
  claim "releases:refs/tags/$tag" "released $tag"
  sleep 4
done
