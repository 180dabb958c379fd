// A node that cannot read the store, and clients that come to it from one that can.
#include "cluster_fixture.hpp"
#include "domain/state/offset.hpp"
#include "support/socketio_client.hpp"

namespace togglecast::app::testing {
namespace {

struct Session {
  std::string token, pid, offset;
};

std::string connect_packet(const Session& session) {
  return R"(40/client,{"token":")" + session.token + R"(","pid":")" + session.pid + R"(","offset":")" +
         session.offset + "\"}";
}

class NodesBehind : public ClusterTest {
 protected:
  NodesBehind() {
    settings_.realtime.resume_wait = std::chrono::seconds{30};
    a_ = &start("a");
    b_ = &start("b", &b_reads_);
    know_each_other();
  }

  /// A session of a client that `a` has told a change that `b` cannot read.
  Session ahead_of_b() {
    const auto acme = make_client(*a_, "acme");
    b_reads_.fail = true;
    const auto made = wait_for<changes::Written>([this](changes::Done done) {
      a_->application().platforms().create(owner(), parse(R"({"key":"web","name":"Web"})"), {},
                                           std::move(done));
    });
    EXPECT_TRUE(made.has_value());
    return begin(*a_, {acme.token, {}, {}});
  }
  /// Connects as `session`, until it has what a stock client keeps.
  static Session begin(TestNode& node, const Session& session) {
    test::SocketIoClient client{test::HttpClient(node.port())};
    client.send(session.pid.empty() ? R"(40/client,{"token":")" + session.token + "\"}"
                                    : connect_packet(session));
    const std::string pid = test::string_member(client.next(), "pid");
    const std::string told = client.next();
    const std::size_t last = told.rfind(",\"");
    EXPECT_NE(last, std::string::npos) << told;
    return {session.token, pid, told.substr(last + 2, told.size() - last - 4)};
  }
  /// The close code of a connection of this session, which is told nothing.
  static std::string refusal(TestNode& node, const Session& session) {
    test::SocketIoClient client{test::HttpClient(node.port())};
    client.send(connect_packet(session));
    const auto frame = client.websocket().receive();
    EXPECT_TRUE(frame && frame->opcode == 8) << (frame ? frame->payload : "nothing came");
    return frame ? frame->payload.substr(0, 2) : "";
  }
  static std::uint64_t resumes(TestNode& node, const std::string& result) {
    return node.metrics()
        .counter("togglecast_realtime_resumes_total", "", {{"namespace", "/client"}, {"result", result}})
        .value();
  }
  static std::uint64_t sent_away(TestNode& node) {
    return node.metrics().counter("togglecast_realtime_node_behind_total", "").value();
  }
  static constexpr std::string_view kTryAgainLater = "\x03\xf5";

  changes::testing::ReaderSwitches b_reads_;
  TestNode* a_ = nullptr;
  TestNode* b_ = nullptr;
};

TEST_F(NodesBehind, AClientThatKnowsMoreIsSentToAnotherNodeAndKeepsItsSession) {
  const Session session = ahead_of_b();

  EXPECT_EQ(refusal(*b_, session), kTryAgainLater);

  EXPECT_EQ(resumes(*b_, "node_behind"), 1U);
  EXPECT_EQ(sent_away(*b_), 1U);
  EXPECT_EQ(begin(*a_, session).pid, session.pid) << "the other node resumes it";
  b_reads_.fail = false;
  EXPECT_EQ(begin(*b_, session).pid, session.pid) << "and so does this one, when it can read again";
  EXPECT_EQ(resumes(*b_, "current"), 1U);
}

// Whatever it presents beside the offset: with another context, its state would be as old.
TEST_F(NodesBehind, SoIsOneWhoseSessionCannotBeResumed) {
  Session session = ahead_of_b();
  session.pid = "AAAAAAAAAAAAAAAAAAAAAA";

  EXPECT_EQ(refusal(*b_, session), kTryAgainLater);
}

TEST_F(NodesBehind, SoIsOneThatPolls) {
  const Session session = ahead_of_b();
  test::PollingClient client(test::HttpClient(b_->port()), test::HttpClient(b_->port()));

  EXPECT_EQ(client.post(connect_packet(session)).status, 200);

  EXPECT_EQ(client.receive(), "1") << "closed; a stock client connects again, to any node";
  EXPECT_EQ(sent_away(*b_), 1U);
}

TEST_F(NodesBehind, AConnectionThatSaysItHasMoreIsSentAwayToo) {
  const Session session = ahead_of_b();
  const auto revision = domain::parse_offset(session.offset).value().revision;
  test::SocketIoClient client{test::HttpClient(b_->port())};
  client.send(R"(40/client,{"token":")" + session.token + "\"}");
  EXPECT_EQ(client.next().substr(0, 10), "40/client,");
  EXPECT_EQ(client.next().substr(0, 10), "42/client,") << "what this node has";

  client.send(R"(42/client,7["config_check",{"revision":)" + std::to_string(revision) + "}]");

  EXPECT_NE(client.next().find("unavailable"), std::string::npos);
  const auto frame = client.websocket().receive();
  ASSERT_TRUE(frame && frame->opcode == 8) << "and no older config_sync";
  EXPECT_EQ(frame->payload.substr(0, 2), kTryAgainLater);
}

// The tail that it knows was lost, and an epoch began that `b` has: nothing will ever bring that tail back.
TEST_F(NodesBehind, AClientOfALostTailIsNotLockedOut) {
  Session session = ahead_of_b();
  auto offset = domain::parse_offset(session.offset).value();
  offset.epoch = 0;
  offset.revision = 999'999;
  session.offset = to_string(offset);
  session.pid = "AAAAAAAAAAAAAAAAAAAAAA";

  EXPECT_NE(begin(*b_, session).pid, session.pid);

  EXPECT_EQ(sent_away(*b_), 0U);
}

// A loss that nobody has noticed, or an invented offset: the store decides, and its word is final.
TEST_F(NodesBehind, AClientWithAStateThatNobodyHasIsNotLockedOut) {
  Session session = ahead_of_b();
  b_reads_.fail = false;
  settle(*a_);
  auto offset = domain::parse_offset(session.offset).value();
  offset.revision += 1'000'000;
  session.offset = to_string(offset);

  for (TestNode* node : {a_, b_}) {
    const Session begun = begin(*node, session);
    EXPECT_NE(begun.pid, session.pid);
    EXPECT_EQ(resumes(*node, "ahead"), 1U);
    EXPECT_EQ(sent_away(*node), 0U);
    EXPECT_EQ(begin(*node, begun).pid, begun.pid) << "it has an offset that counts";
  }
}

TEST_F(NodesBehind, ALaterEpochIsAheadWhateverItsRevision) {
  Session session = ahead_of_b();
  auto offset = domain::parse_offset(session.offset).value();
  offset.revision = 1;
  ++offset.epoch;
  session.offset = to_string(offset);

  EXPECT_EQ(refusal(*b_, session), kTryAgainLater);
}

}  // namespace
}  // namespace togglecast::app::testing
