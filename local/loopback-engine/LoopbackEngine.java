import java.lang.reflect.Field;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * DynamoDB Local, listening on loopback alone: by itself it listens on every address of the machine, and
 * has no option against that. Takes DynamoDB Local's own arguments.
 *
 * The class beside it is compiled, because a machine that runs Tally needs a Java runtime and no compiler:
 *
 *   javac --release 17 -g:none -cp <DynamoDBLocal.jar>:<its DynamoDBLocal_lib>/* LoopbackEngine.java
 */
public final class LoopbackEngine {
  public static void main(String[] arguments) throws Exception {
    DynamoDBProxyServer engine = ServerRunner.createServerFromCommandLineArgs(arguments);
    Field server = DynamoDBProxyServer.class.getDeclaredField("server");
    server.setAccessible(true);
    for (Connector connector : ((Server) server.get(engine)).getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
    }
    engine.start();
    engine.join();
  }
}
