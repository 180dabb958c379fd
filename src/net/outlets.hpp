// The write side of a shard's streams: one small entry for each stream, all in one dense table. A broadcast
// walks over these entries and touches nothing else of its receivers. Thread rule: belongs to one shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/send_chain.hpp"

namespace togglecast::net {

class Stream;

struct Outlet {
  enum class State : std::uint8_t {
    free,
    direct,     ///< the shard writes to the descriptor with one plain `send()`
    by_stream,  ///< the stream writes: it has a backlog, encrypts, or is closing
  };
  const SendChains::Link* pending = nullptr;  ///< collected in this turn
  Stream* stream = nullptr;
  int descriptor = -1;           ///< -1 once the stream is closed
  std::uint16_t generation = 0;  ///< differs from that of an earlier entry in the same place
  State state = State::free;
  bool dirty = false;  ///< in the list of entries to write at the end of the turn
};

/// The table. An entry keeps its place and its address while its stream lives.
class Outlets {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = 0xffff'ffff;

  [[nodiscard]] Outlet& operator[](Index index) noexcept { return chunks_[index / kChunk][index % kChunk]; }
  [[nodiscard]] Index add(Stream& stream, int descriptor) {
    if (free_.empty()) grow();
    const Index index = free_.back();
    free_.pop_back();
    Outlet& outlet = (*this)[index];
    outlet.stream = &stream;
    outlet.descriptor = descriptor;
    outlet.state = Outlet::State::direct;
    return index;
  }
  void remove(Index index) noexcept {
    Outlet& outlet = (*this)[index];
    outlet.pending = nullptr;
    outlet.stream = nullptr;
    outlet.descriptor = -1;
    outlet.state = Outlet::State::free;
    ++outlet.generation;
    free_.push_back(index);  // has room: see `grow`
  }

  /// The number that epoll returns with an event of this stream.
  [[nodiscard]] std::uint64_t key(Index index) noexcept {
    return std::uint64_t{(*this)[index].generation} << 32U | index;
  }
  /// The stream of `key`, or nullptr when it has been destroyed since.
  [[nodiscard]] Stream* find(std::uint64_t key) noexcept {
    Outlet& outlet = (*this)[static_cast<Index>(key)];
    return outlet.generation == static_cast<std::uint16_t>(key >> 32U) ? outlet.stream : nullptr;
  }
  /// Calls `visit(Stream&)` for every stream. The call may destroy that stream.
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (const auto& chunk : chunks_) {
      for (std::size_t i = 0; i < kChunk; ++i) {
        if (chunk[i].stream != nullptr) visit(*chunk[i].stream);
      }
    }
  }

 private:
  static constexpr Index kChunk = 1024;

  void grow() {
    const auto first = static_cast<Index>(chunks_.size()) * kChunk;
    free_.reserve(first + kChunk);
    chunks_.push_back(std::make_unique<Outlet[]>(kChunk));
    for (Index i = kChunk; i-- > 0;) free_.push_back(first + i);
  }

  std::vector<std::unique_ptr<Outlet[]>> chunks_;
  std::vector<Index> free_;
};

}  // namespace togglecast::net
