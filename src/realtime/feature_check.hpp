// `feature_check`: one answer, without waiting for a push. Thread rule: the socket's shard.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "delivery/evaluation_queue.hpp"
#include "domain/state/client_view.hpp"
#include "domain/views/sliced_view.hpp"
#include "realtime/feature_answers.hpp"
#include "realtime/session/reply.hpp"
#include "realtime/session/socket_subscriber.hpp"

namespace togglecast::realtime {

/// `{feature: id or key, sub_feature?, context?}`: the answer of docs/evaluation.md for this client, with the
/// feature's `id` and the `revision` it was given at; `context` stands in for that of the connection. A
/// feature that the client does not see is answered exactly like one that does not exist.
class FeatureCheck final : public delivery::Evaluation {
 public:
  /// The flag of a request that names nothing else: its answer may have been given before. Else empty. The
  /// request is the text of the event's arguments, if it has one (`Event::text`).
  [[nodiscard]] static std::string_view sole_name(std::string_view text) noexcept;
  [[nodiscard]] static std::string_view sole_name(const json::object& request) noexcept;
  /// An error for a request that cannot be answered.
  [[nodiscard]] static Result<std::unique_ptr<FeatureCheck>> read(const domain::SnapshotPtr& state,
                                                                  const SocketSubscriber& subscriber,
                                                                  const json::value& request,
                                                                  const Reply& reply);
  /// Keeps the answer there, which must outlive it, as that to `name`.
  void keep_in(FeatureAnswers& answers, std::string_view name);
  [[nodiscard]] bool run(delivery::Turn& turn) override;

 private:
  FeatureCheck(domain::Viewpoint viewpoint, std::weak_ptr<socketio::Socket> socket, const Reply& reply);

  domain::Viewpoint viewpoint_;
  domain::ClientView view_;
  domain::Id feature_ = 0;
  std::optional<std::size_t> sub_feature_;  // its place
  std::weak_ptr<socketio::Socket> socket_;
  Reply reply_;
  FeatureAnswers* answers_ = nullptr;
  std::string name_;  // in `answers_`
};

}  // namespace togglecast::realtime
