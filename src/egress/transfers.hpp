// The requests under way, on libcurl. It knows how to fetch safely, and nothing of whom to call how often.
// Thread rule: one thread, except `wake`.
#pragma once

#include <functional>
#include <memory>

#include "egress/client.hpp"
#include "egress/url.hpp"

namespace togglecast::egress {

class Transfers {
 public:
  /// `options` must outlive it.
  explicit Transfers(const Options& options);
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  using Ended = std::function<void(Result<Response> answer)>;
  /// `ended` is called by `run` or `abort`.
  void start(Request request, const Url& url, Ended ended);
  [[nodiscard]] std::size_t under_way() const noexcept;
  /// Goes on with all, and waits up to `longest` until there is more to do, or `wake`.
  void run(Milliseconds longest);
  /// Ends all of them with this error.
  void abort(const Error& error);
  /// From any thread: `run` returns soon.
  void wake();

 private:
  struct Multi;
  class Transfer;
  void take_ended();

  const Options& options_;
  std::unique_ptr<Multi> multi_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
};

}  // namespace togglecast::egress
