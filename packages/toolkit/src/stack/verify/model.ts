// verify/model: a model calls a tool and gets its answer, without a model server.
import { messageOf } from '../../errors.ts'
import { bad, ok, type Finding } from '../finding.ts'
import { shortened, type Gateway } from '../gateway.ts'

/** The model of config/litellm.yaml that asks for one tool by itself. */
export const SELFTEST = 'selftest'

/**
 * Over `/v1/responses`, where every LiteLLM calls tools itself. In chat completions only newer ones do: at 1.77.3 a tool of
 * `type: mcp` goes to the model provider as it is.
 */
export async function checkModel(gateway: Gateway): Promise<Finding[]> {
  const subject = '/v1/responses'
  const fix =
    'config/litellm.yaml needs the model "selftest" (custom_openai/…, mock_tool_calls of a tool that is there): docker compose restart litellm'
  try {
    const { said, items } = await gateway.responses(SELFTEST)
    if (said !== undefined && said !== '' && !/^Error|not initialized|unknown tool/i.test(said))
      return [
        ok('model', subject, `the model's tool answered ${shortened(said, 40)}`),
        ok(
          'model',
          '/chat/completions',
          'not asked: LiteLLM 1.77.3 does no MCP there; use /v1/responses or /mcp/',
        ),
      ]
    return [
      bad(
        'model',
        subject,
        said === undefined
          ? `no tool was called, only ${items.join(', ')}`
          : `the tool failed: ${shortened(said)}`,
        fix,
      ),
    ]
  } catch (error) {
    return [bad('model', subject, messageOf(error), fix)]
  }
}
