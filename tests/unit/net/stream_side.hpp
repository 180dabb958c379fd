// The server's side of one connection in tests of streams.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.hpp"
#include "support/eventually.hpp"

namespace togglecast::net::testing {

/// Keeps a stream, remembers what it hears, and calls `react`. Touched on its shard only, except for the
/// mailboxes.
struct Side final : StreamHandler, Retirable {
  explicit Side(StreamPtr accepted) : stream(std::move(accepted)) { stream->handle_with(this); }
  ~Side() override {
    stream->handle_with(nullptr);
    if (!stream->closed()) stream->abort();
  }
  void on_data(char* data, std::size_t size) override {
    received.append(data, size);
    if (react) react(std::string_view(data, size));
  }
  void on_end(StreamEnd reason) override { ends.put(reason); }
  void on_drained() override { drained.put(true); }

  StreamPtr stream;
  std::string received;
  std::function<void(std::string_view)> react;
  test::Mailbox<StreamEnd> ends;
  test::Mailbox<bool> drained;
};

}  // namespace togglecast::net::testing
