// Requests (wire/http): the same however they are cut, within the limits, written down again the same, and
// never a second line in a response's header.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/property.hpp"
#include "wire/http/message.hpp"
#include "wire/http/request_parser.hpp"

namespace togglecast::fuzz {
namespace {

using namespace wire::http;

constexpr ParserLimits kLimits{.header_bytes = 1024, .body_bytes = 256, .target_bytes = 128};
constexpr ParserLimits kWide{.header_bytes = 8192, .body_bytes = 256, .target_bytes = 128};

struct Transcript {
  std::vector<std::string> requests;
  std::string end;
  friend bool operator==(const Transcript&, const Transcript&) = default;
};

std::string describe(const Request& request) {
  std::string text = request.method_text + ' ' + request.path + ' ' + std::to_string(request.version);
  for (const auto& [name, value] : request.query.parameters()) text += " ?" + name + '=' + value;
  for (const auto& [name, value] : request.headers.fields()) {
    const bool framing =
        Headers::same_name(name, "Content-Length") || Headers::same_name(name, "Transfer-Encoding");
    if (!framing) text.append(" [").append(name).append(1, '=').append(value).append(1, ']');
  }
  text += request.keep_alive ? " keep" : " close";
  text += request.upgrade ? " upgrade " : " ";
  return text + request.body;
}

void check_limits(const Request& request, const ParserLimits& limits) {
  require(request.body.size() <= limits.body_bytes, "a body is no longer than its limit");
  require(request.target.size() <= limits.target_bytes, "a target is no longer than its limit");
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers.fields()) bytes += name.size() + value.size();
  require(bytes <= limits.header_bytes + limits.target_bytes, "headers are no longer than their limit");
}

std::pair<Transcript, std::vector<Request>> read(const Pieces& pieces, const ParserLimits& limits) {
  Transcript transcript;
  std::vector<Request> requests;
  RequestParser parser(limits);
  std::size_t arrived = 0;
  std::size_t allocated = 0;
  for (std::string_view piece : pieces) {
    arrived += piece.size();
    while (!piece.empty() && transcript.end.empty()) {
      auto state = RequestParser::State::need_more;
      const std::size_t before = piece.size();
      allocated += allocated_by([&] { state = parser.feed(piece); });
      if (state == RequestParser::State::complete) {
        requests.push_back(parser.take());
        check_limits(requests.back(), limits);
        transcript.requests.push_back(describe(requests.back()));
        require(piece.size() < before, "a complete request used up something");
      } else if (state == RequestParser::State::refused) {
        transcript.end = std::to_string(parser.refusal().status) + ' ' + parser.refusal().message;
        require(parser.refusal().status >= 400, "a refusal has an error status");
        require(!parser.refusal().message.empty(), "a refusal says why");
      } else {
        require(piece.empty(), "a parser that wants more has used all");
      }
    }
  }
  if (transcript.end.empty())
    transcript.end = parser.idle() ? "idle" : parser.in_body() ? "in body" : "in headers";
  require(allocated <= 64 * arrived + 8192 * (requests.size() + 1), "memory grows with what arrived");
  return {std::move(transcript), std::move(requests)};
}

std::string write(const Request& request) {
  std::string text =
      request.method_text + ' ' + request.target + " HTTP/1." + (request.version == 11 ? '1' : '0');
  for (const auto& [name, value] : request.headers.fields()) {
    const bool framing =
        Headers::same_name(name, "Content-Length") || Headers::same_name(name, "Transfer-Encoding");
    if (!framing) text.append("\r\n").append(name).append(": ").append(value);
  }
  text += "\r\nContent-Length: " + std::to_string(request.body.size());
  return text + "\r\n\r\n" + request.body;
}

void check_response(const Request& request) {
  Response response;
  for (const auto& [name, value] : request.query.parameters()) response.headers.add("X-Echo", name + value);
  response.body = request.body;
  const std::string text = serialize(response, request.keep_alive, false);
  const std::size_t end = text.find("\r\n\r\n");
  require(end != std::string::npos && text.substr(end + 4) == response.body,
          "the body is all that follows the header");
  std::size_t lines = 0;
  for (std::size_t i = 0; i < end; ++i) {
    if (text[i] == '\r') require(text[i + 1] == '\n', "no lone carriage return in a header");
    if (text[i] == '\n') require(text[i - 1] == '\r', "no lone line feed in a header");
    lines += text[i] == '\n' ? 1 : 0;
  }
  require(lines == response.headers.fields().size() + 1 + (request.keep_alive ? 0 : 1),
          "a field is one line");
}

void check(std::string_view bytes) {
  // Cut lines are judged at their ends.
  (void)same_however_cut(std::string(bytes) + "\r\n\r\n",
                         [](const Pieces& pieces) { return read(pieces, kLimits).first; });
  for (const auto& request : read({bytes}, kLimits).second) {
    const std::string written = write(request);
    const auto [again, requests] = read({written}, kWide);
    require(again.requests.size() == 1 && again.end == "idle",
            "a request that is written down is one request");
    require(again.requests.front() == describe(request), "what is read is what was written");
    check_response(request);
  }
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
