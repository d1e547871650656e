#!/bin/sh
# Fetches Mesa's CPU Vulkan driver (lavapipe, with shader-f16 and subgroups of 8) from Debian bookworm-backports, without
# installing it, and prints the environment in which Dawn picks it. By hand, on Debian 12; no root needed:
#
#   eval "$(test/tools/lavapipe.sh)" && npx vitest run …
set -eu

. /etc/os-release
if [ "${VERSION_CODENAME:-}" != bookworm ]; then
  echo "lavapipe.sh takes Mesa for Debian bookworm, this is ${PRETTY_NAME:-unknown}: install Mesa >= 25 instead" >&2
  exit 1
fi

home="${XDG_CACHE_HOME:-$HOME/.cache}/casement/lavapipe"
if [ ! -d "$home" ]; then
  work="$home.$$"
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/root"
  # The mirror that this machine uses already.
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | sed -n 's/ bookworm$//p' | head -n 1)
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  for suite in bookworm bookworm-backports; do
    echo "deb [signed-by=$key] $mirror $suite main"
  done >"$work/apt/sources.list"
  apt() {
    apt-get -q -y -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
      -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt" -o Acquire::Languages=none \
      -o Debug::NoLocking=1 -o APT::Sandbox::User= "$@" >&2
  }
  apt update
  apt --download-only --no-install-recommends -t bookworm-backports install libvulkan1 mesa-vulkan-drivers
  for package in "$work"/apt/archives/*.deb; do
    dpkg-deb -x "$package" "$work/root"
  done
  mv "$work/root" "$home"
fi

echo "export LD_LIBRARY_PATH='$home/usr/lib/x86_64-linux-gnu'"
echo "export VK_DRIVER_FILES='$home/usr/share/vulkan/icd.d/lvp_icd.json' VK_ICD_FILENAMES='$home/usr/share/vulkan/icd.d/lvp_icd.json'"
