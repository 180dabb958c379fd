// HTTP requests to the server under probe, each on a connection of its own. Thread rule: the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/probe/link.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "wire/http/message.hpp"

namespace togglecast::app::probe {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

/// The text of a request. `connection` is the value of that header.
[[nodiscard]] std::string request_text(const Target& target, const HttpRequest& request,
                                       std::string_view connection);

/// Begins a request. `done` gets the answer, or `unavailable`. Close the link that is returned to give up.
std::shared_ptr<Link> start_call(Loop& loop, const Target& target, const HttpRequest& request,
                                 std::function<void(Result<wire::http::Response>)> done);

/// The REST API, one request after the other.
class Rest {
 public:
  struct Reply {
    unsigned status = 0;
    json::value body;
    TimePoint sent_at{};  ///< of the attempt that was answered
  };

  Rest(Loop& loop, const Target& target) noexcept : loop_(loop), target_(target) {}
  void use_token(Secret token) { token_ = std::move(token); }

  /// Path and query as they are; a null body sends none. Refusals for a time are tried again when the server
  /// says so; other refusals are an error with the server's sentence.
  [[nodiscard]] Result<Reply> call(std::string_view method, std::string_view path,
                                   const json::value& body = nullptr);
  /// The same with a body of another type.
  [[nodiscard]] Result<Reply> put(std::string_view path, std::string_view type, std::string bytes);

 private:
  [[nodiscard]] Result<Reply> perform(HttpRequest request);
  [[nodiscard]] Result<wire::http::Response> exchange(const HttpRequest& request);

  Loop& loop_;
  const Target& target_;
  Secret token_;
};

}  // namespace togglecast::app::probe
