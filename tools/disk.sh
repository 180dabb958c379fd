# Sourced by ./check: how much disk a folder takes.

# stays_below <megabytes> <folder> [<subfolder>…]  Says how much the folder takes, and fails when it is more. The subfolders do
# not count.
stays_below() {
  local most=$1 folder=$2 skipped=() name takes
  for name in "${@:3}"; do skipped+=("--exclude=$folder/$name"); done
  takes=$(du -s --block-size=1MB "${skipped[@]}" "$folder" | cut -f 1)
  if [[ $takes =~ ^[0-9]+$ ]] && ((takes <= most)); then
    echo "$folder/ takes $takes MB, and may take $most"
  else
    echo "$folder/ takes ${takes:-an unknown number of} MB, more than the $most that it may take"
    return 1
  fi
}
