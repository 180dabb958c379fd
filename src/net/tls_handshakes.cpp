#include "net/tls_handshakes.hpp"

#include <string>
#include <utility>

#include "net/tls_session.hpp"

namespace togglecast::net {

class TlsHandshakes::Handshake final : public StreamHandler, public TimerNode, public Retirable {
 public:
  Handshake(TlsHandshakes& all, StreamPtr stream)
      : all_(all), stream_(std::move(stream)), address_(stream_->peer().address()) {
    stream_->handle_with(this);
  }
  ~Handshake() override {
    if (stream_ != nullptr) stream_->abort();
  }
  void start() {
    all_.shard_.arm(*this, all_.context_->options().handshake_timeout);
    stream_->start_reading();
  }
  [[nodiscard]] std::string address() const { return address_.to_string(); }
  [[nodiscard]] StreamPtr let_go() noexcept {
    stream_->handle_with(nullptr);
    return std::exchange(stream_, nullptr);
  }

 private:
  void on_data(char*, std::size_t) override {}  // no data comes before the handshake is done
  void on_secured() override { all_.finish(*this, let_go()); }
  void on_end(StreamEnd reason) override {
    if (reason == StreamEnd::error && !stream_->tls()->failure_detail().empty()) {
      all_.fail(*this, stream_->tls()->failure(), stream_->tls()->failure_detail());
    } else {
      all_.fail(*this, TlsFailure::closed, "the peer closed the connection");
    }
  }
  void on_timer(TimePoint) override {
    all_.fail(*this, TlsFailure::timeout, "the handshake was not finished in time");
  }

  TlsHandshakes& all_;
  StreamPtr stream_;
  boost::asio::ip::address address_;  // kept: after a reset the socket has none
};

TlsHandshakes::TlsHandshakes(Shard& shard, std::shared_ptr<TlsContext> context,
                             std::shared_ptr<const AcceptHandler> handler)
    : shard_(shard), context_(std::move(context)), handler_(std::move(handler)) {}

TlsHandshakes::~TlsHandshakes() = default;

void TlsHandshakes::begin(DetachedStream accepted) {
  accepted.secure(std::make_unique<TlsSession>(context_));
  StreamPtr stream = Stream::adopt(shard_, std::move(accepted));
  if (stream == nullptr) {
    ShardCounters::add(shard_.own_counters().accept_errors, 1);
    return;
  }
  auto owned = std::make_unique<Handshake>(*this, std::move(stream));
  Handshake& handshake = *owned;
  under_way_.emplace(&handshake, std::move(owned));
  handshake.start();
}

void TlsHandshakes::finish(Handshake& handshake, StreamPtr stream) {
  forget(handshake);
  (*handler_)(shard_, std::move(stream));
}

void TlsHandshakes::fail(Handshake& handshake, TlsFailure failure, std::string_view detail) {
  shard_.attempt([&] { context_->failed(failure, detail, handshake.address()); });
  handshake.let_go()->close_gracefully();
  forget(handshake);
}

// The object stays until the end of the turn, because it may be the caller.
void TlsHandshakes::forget(Handshake& handshake) {
  handshake.cancel();
  const auto found = under_way_.find(&handshake);
  shard_.retire(std::move(found->second));
  under_way_.erase(found);
}

}  // namespace togglecast::net
