#include "echo.hpp"

#include <utility>
#include <vector>

#include "engineio/frame.hpp"
#include "web/websocket.hpp"

namespace conformance {
namespace {

using togglecast::SharedBytes;
namespace engineio = togglecast::engineio;
namespace net = togglecast::net;
namespace web = togglecast::web;
namespace websocket = togglecast::wire::websocket;

constexpr std::size_t kEchoMessageBytes = 16 << 20;
const net::StreamLimits kEchoStream{.backlog_bytes = 4 * kEchoMessageBytes};

class EngineEcho final : public engineio::SessionHandler {
 public:
  explicit EngineEcho(engineio::Session& session) : session_(session) {}
  void on_text(std::string_view message) override { session_.send(engineio::text_message(message)); }
  void on_binary(std::string_view message) override { session_.send(engineio::binary_message(message)); }
  void on_close(engineio::CloseReason) override {}

 private:
  engineio::Session& session_;
};

// Owns itself until its WebSocket ends.
class SocketEcho final : public net::Retirable, private web::WebSocketHandler {
 public:
  static void begin(web::Exchange& exchange, web::Deflate& deflate) {
    const auto agreed = web::agree(deflate, exchange.request());
    auto upgraded = exchange.upgrade(web::upgrade_response(exchange.request(), agreed));
    if (upgraded.stream == nullptr) return;
    upgraded.stream->limit(&kEchoStream);
    auto* echo = new SocketEcho(std::move(upgraded.stream), agreed);
    echo->socket_.start(std::move(upgraded.leftover));
  }

 private:
  SocketEcho(net::StreamPtr stream, const web::AgreedDeflate& deflate)
      : shard_(stream->shard()),
        socket_(std::move(stream), {kEchoMessageBytes, 0}, static_cast<web::WebSocketHandler&>(*this),
                deflate) {}
  void on_text(std::string_view message) override {
    socket_.send(websocket::encode(websocket::Opcode::text, message));
  }
  void on_binary(std::string_view message) override {
    socket_.send(websocket::encode(websocket::Opcode::binary, message));
  }
  void on_end(web::WebSocketEnd, std::uint16_t, std::string_view) override {
    shard_.retire(std::unique_ptr<Retirable>(this));
  }

  net::Shard& shard_;
  web::WebSocket socket_;
};

}  // namespace

std::unique_ptr<engineio::Server> engine_echo(net::ShardPool& shards, engineio::Options options) {
  return std::make_unique<engineio::Server>(shards, std::move(options),
                                            [](engineio::Session& session, const engineio::HandshakePtr&) {
                                              return std::make_unique<EngineEcho>(session);
                                            });
}

void mount_websocket_echo(web::Router& router, std::string prefix, net::ShardPool& shards) {
  auto deflates = std::make_shared<std::vector<std::unique_ptr<web::Deflate>>>();
  for (std::size_t i = 0; i < shards.size(); ++i)
    deflates->push_back(std::make_unique<web::Deflate>(web::DeflateOptions{.enabled = true}, shards.at(i)));
  router.mount(std::move(prefix), [deflates](const web::ExchangePtr& exchange) {
    if (const auto problem = web::upgrade_problem(exchange->request())) {
      togglecast::wire::http::Response response;
      response.status = 400;
      response.body = *problem;
      response.close = true;
      exchange->respond(std::move(response));
      return;
    }
    SocketEcho::begin(*exchange, *(*deflates)[exchange->shard().index()]);
  });
}

}  // namespace conformance
