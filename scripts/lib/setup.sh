# shellcheck shell=bash
# What the scripts have in common: checking Swift and installing Debian packages. Sourced, not run.

REQUIRED_SWIFT=6.3

# Says something to the reader, apart from the output of what is run.
say() { printf '\n== %s\n' "$*" >&2; }

# Ends the script with an explanation.
refuse() {
	printf '\nerror: %s\n' "$1" >&2
	shift
	if [ $# -gt 0 ]; then printf '       %s\n' "$@" >&2; fi
	exit 1
}

# Ends the script unless a Swift compiler of the required version or a later one is there.
require_swift() {
	local remedy="Install Swift $REQUIRED_SWIFT or later for this system: https://www.swift.org/install/linux/"
	local again="Then put its usr/bin into PATH, check with: swift --version, and run this again."
	command -v swift >/dev/null 2>&1 || refuse "Swift is not installed, or not in PATH." "$remedy" "$again"

	local printed version
	printed=$(swift --version 2>&1) || refuse "\`swift --version\` fails: $printed" "$remedy" "$again"
	version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$printed" | head -n 1)
	[ -n "$version" ] || refuse "\`swift --version\` says no version: $printed" "$remedy" "$again"
	if [ "$(printf '%s\n' "$REQUIRED_SWIFT" "$version" | sort -V | head -n 1)" != "$REQUIRED_SWIFT" ]; then
		refuse "Swift $version is too old: Tandem needs $REQUIRED_SWIFT." "$remedy" "$again"
	fi
}

# The packages of the given steps, once each.
packages_of() {
	local step
	for step in "$@"; do
		sed -nE "s/^${step}[[:space:]]+([^[:space:]]+)[[:space:]]*\$/\1/p" "$(dirname "${BASH_SOURCE[0]}")/packages"
	done | sort -u
}

# Those of the given packages that are not installed.
missing_packages() {
	local package
	for package in "$@"; do
		if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
			printf '%s\n' "$package"
		fi
	done
}

# Installs what is missing of the given steps' packages. Does nothing, and needs no root, when nothing is.
install_packages() {
	local needed missing
	mapfile -t needed < <(packages_of "$@")
	if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
		say "This is no Debian: please see yourself that these are there (Debian's names): ${needed[*]}"
		return
	fi
	mapfile -t missing < <(missing_packages "${needed[@]}")
	if [ ${#missing[@]} -eq 0 ]; then return; fi

	local as_root=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null 2>&1 || refuse "These packages are missing, and only root may install them: ${missing[*]}" \
			"As root: apt-get update && apt-get install --no-install-recommends ${missing[*]}" "Then run this again; it needs root for nothing else."
		as_root=(sudo)
		if [ ! -t 0 ]; then as_root=(sudo -n); fi
		say "Root is needed, by sudo, to install: ${missing[*]}. For nothing else."
	fi
	say "Installing ${missing[*]}"
	# As a file of its own, so that one sudo does it all.
	"${as_root[@]}" bash "$(dirname "${BASH_SOURCE[0]}")/install-packages" "${missing[@]}" >&2 ||
		refuse "These packages could not be installed: ${missing[*]}" "Look at what apt-get says above."
}
