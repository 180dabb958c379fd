#include "web/own_responses.hpp"

#include <ctime>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace togglecast::web {

wire::http::Response error_response(unsigned status, std::string_view code, std::string_view message) {
  wire::http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = R"({"error":{"code":)";
  json::append_string(response.body, code);
  response.body += R"(,"message":)";
  json::append_string(response.body, replace_invalid_utf8(message));  // it may quote a path
  response.body += "}}";
  return response;
}

wire::http::Response host_page(unsigned status, std::string_view message) {
  wire::http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy", "default-src 'none'");
  response.headers.add("Cache-Control", "no-store");
  response.body =
      "<!doctype html>\n<title>Not a name of this server</title>\n<h1>Not a name of this server</h1>\n<p>" +
      std::string(message) + "</p>\n";
  return response;
}

const std::string& date_now() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    char buffer[40];
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    made_at = now;
  }
  return text;
}

}  // namespace togglecast::web
