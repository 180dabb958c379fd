// What fuzz targets share: properties that must hold, inputs cut in several ways, and a count of what was
// allocated. Thread rule: one thread, as libFuzzer runs.
#pragma once

#include <sanitizer/allocator_interface.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace togglecast::fuzz {

/// Ends the program, for libFuzzer to keep the input, unless `holds`. `property` is a sentence.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "broken property: %s\n", property);
  std::abort();
}

using Pieces = std::vector<std::string_view>;

[[nodiscard]] inline Pieces one_by_one(std::string_view bytes) {
  Pieces pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
  return pieces;
}

/// Cut at places that look random and depend on the bytes alone, so that a finding can be repeated.
[[nodiscard]] inline Pieces cut_anywhere(std::string_view bytes) {
  std::uint64_t state = 0xcbf29ce484222325ULL;
  for (const char c : bytes) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  Pieces pieces;
  while (!bytes.empty()) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const std::size_t longest = (state >> 60) < 8 ? 4 : 64;
    pieces.push_back(bytes.substr(0, 1 + (state >> 32) % longest));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

/// What `read(pieces)` makes of the bytes, which must not depend on how they are cut.
template <typename Read>
[[nodiscard]] auto same_however_cut(std::string_view bytes, Read&& read) {
  auto whole = read(Pieces{bytes});
  require(read(one_by_one(bytes)) == whole, "bytes that come one by one mean the same");
  require(read(cut_anywhere(bytes)) == whole, "bytes that come in pieces mean the same");
  return whole;
}

namespace detail {

inline bool counting = false;
inline std::size_t counted = 0;

inline void count_allocation(const volatile void*, std::size_t size) {
  if (counting) counted += size;
}

inline const int installed =
    __sanitizer_install_malloc_and_free_hooks(count_allocation, [](const volatile void*) {});

}  // namespace detail

/// All bytes that were allocated while `work` ran, freed again or not.
template <typename Work>
[[nodiscard]] std::size_t allocated_by(Work&& work) {
  detail::counted = 0;
  detail::counting = true;
  work();
  detail::counting = false;
  return detail::counted;
}

}  // namespace togglecast::fuzz
