#include "app/probe/http_call.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "wire/http/response_reader.hpp"

namespace togglecast::app::probe {
namespace {

constexpr unsigned kTooMany = 429;
constexpr int kMostAttempts = 8;

constexpr std::array kCodes{Errc::invalid_argument, Errc::parse_error,    Errc::payload_too_large,
                            Errc::not_found,        Errc::already_exists, Errc::conflict,
                            Errc::unauthenticated,  Errc::token_invalid,  Errc::token_expired,
                            Errc::revoked,          Errc::forbidden,      Errc::rate_limited,
                            Errc::unavailable,      Errc::timeout,        Errc::internal};

Errc code_named(std::string_view name) {
  for (const Errc code : kCodes)
    if (to_string(code) == name) return code;
  return Errc::internal;
}

Milliseconds retry_after(const wire::http::Response& response) {
  const std::string_view text = response.headers.value("Retry-After");
  int seconds = 1;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds{seconds};
}

}  // namespace

std::string request_text(const Target& target, const HttpRequest& request, std::string_view connection) {
  std::string text = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: " + target.authority +
                     "\r\nConnection: " + std::string(connection) + "\r\n";
  for (const auto& [name, value] : request.headers)
    text.append(name).append(": ").append(value).append("\r\n");
  if (request.method != "GET") text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text.append("\r\n").append(request.body);
}

std::shared_ptr<Link> start_call(Loop& loop, const Target& target, const HttpRequest& request,
                                 std::function<void(Result<wire::http::Response>)> done) {
  struct Call {
    std::string request, answer;
    std::function<void(Result<wire::http::Response>)> done;
    std::weak_ptr<Link> link;
  };
  auto call = std::make_shared<Call>(Call{request_text(target, request, "close"), {}, std::move(done), {}});
  Link::Events events;
  events.on_open = [call] {
    if (const auto link = call->link.lock()) link->send(std::move(call->request));
  };
  events.on_bytes = [call](std::string_view bytes) { call->answer += bytes; };
  events.on_end = [call](const std::string& why) {
    if (!why.empty()) return call->done(fail(Errc::unavailable, why));
    call->done(wire::http::read_response(call->answer));
  };
  auto link = std::make_shared<Link>(loop, target, std::move(events));
  call->link = link;
  link->open();
  return link;
}

Result<wire::http::Response> Rest::exchange(const HttpRequest& request) {
  if (loop_.interrupted()) return fail(Errc::unavailable, "interrupted");
  std::optional<Result<wire::http::Response>> answer;
  const auto link = start_call(loop_, target_, request,
                               [&answer](Result<wire::http::Response> got) { answer = std::move(got); });
  const std::string what = "the answer to " + request.method + ' ' + request.target;
  const auto answered = [&answer] { return answer.has_value(); };
  const auto waited = request.method == "GET" ? loop_.wait(what, answered) : loop_.wait_out(what, answered);
  link->close();
  if (!waited) return tl::unexpected(waited.error());
  return *std::move(answer);
}

Result<Rest::Reply> Rest::call(std::string_view method, std::string_view path, const json::value& body) {
  HttpRequest request{std::string(method), std::string(path), {}, {}};
  if (!body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = json::serialize(body);
  }
  return perform(std::move(request));
}

Result<Rest::Reply> Rest::put(std::string_view path, std::string_view type, std::string bytes) {
  return perform({"PUT", std::string(path), {{"Content-Type", std::string(type)}}, std::move(bytes)});
}

Result<Rest::Reply> Rest::perform(HttpRequest request) {
  request.headers.emplace_back("Accept", "application/json");
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_.reveal());
  for (int attempt = 1;; ++attempt) {
    const TimePoint sent_at = Loop::now();
    const auto response = exchange(request);
    if (!response) return tl::unexpected(response.error());
    if (response->status == kTooMany && attempt < kMostAttempts) {
      (void)loop_.wait_for(retry_after(*response), [] { return false; });
      if (loop_.interrupted()) return fail(Errc::unavailable, "interrupted");
      continue;
    }
    Reply reply{response->status, nullptr, sent_at};
    if (!response->body.empty()) {
      auto parsed = json::parse(response->body);
      reply.body = parsed ? *std::move(parsed) : json::value(response->body);
    }
    if (reply.status >= 200 && reply.status < 300) return reply;
    const std::string sentence(json::string_or_empty(reply.body, "detail"));
    return fail(code_named(json::string_or_empty(reply.body, "code")),
                request.method + ' ' + request.target + " answered " + std::to_string(reply.status) +
                    (sentence.empty() ? std::string() : ": " + sentence));
  }
}

}  // namespace togglecast::app::probe
