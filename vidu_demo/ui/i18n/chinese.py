"""The page's texts in Chinese, by their English; both have the same gaps."""

CHINESE: dict[str, str] = {
    # The header
    "Turn a picture and a sentence into a video.": "一张图片加一句话，变成一段视频。",
    "Simulated: videos are made on this machine, no model is used and nothing is charged.": (
        "模拟模式：视频在这台机器上生成，不使用模型，不计费。"
    ),
    "Videos are made by Vidu Q2 Pro at Novita and charged to {key}.": (
        "视频由 Novita 上的 Vidu Q2 Pro 生成，费用记在{key}上。"
    ),
    "This browser doesn't let the page store anything, so you won't find your videos again after "
    "a reload. Download them, or note their task ids.": (
        "浏览器不允许本页面保存数据，刷新后将找不到你的视频。请先下载，或记下任务 ID。"
    ),
    "your key": "你的密钥",
    "the host's key": "本应用的密钥",
    "your own key": "你自己的密钥",
    # The visitor's own key
    "Use your own key": "使用自己的密钥",
    "Your own key is in use": "正在使用你自己的密钥",
    "Your videos are then charged to your account at Novita.": (
        "之后视频的费用记在你的 Novita 账户上。"
    ),
    "Get a key": "获取密钥",
    "Your Novita API key": "你的 Novita API 密钥",
    "Use this key": "使用这个密钥",
    "Remember on this device": "在此设备上记住",
    "That stores the key in this browser, unencrypted, and sends it whenever you open this page. "
    "Leave it off on a device that others use.": (
        "密钥会不加密地存入此浏览器，每次打开本页时自动发送。与他人共用的设备请勿勾选。"
    ),
    "The app keeps the key in memory, for your videos only, and sends it to nobody but Novita. "
    "Whoever runs the app could still read it, so use a key that you can delete.": (
        "应用只在内存中保存密钥，只用于你的视频，也只发给 Novita。"
        "但运行应用的人仍有可能读到它，所以请用随时可以删除的密钥。"
    ),
    "This page has a public link through Gradio's server, which sees everything that is sent over "
    "it, including your key.": (
        "本页有经过 Gradio 服务器的公开链接，经它发送的一切该服务器都能看到，包括你的密钥。"
    ),
    "Novita has not refused your key. Only a purchase shows whether it can pay.": (
        "Novita 没有拒绝你的密钥。它能不能付费，要到购买时才知道。"
    ),
    "The app keeps it in memory only, and forgets it when you say so, after a day without use, or "
    "when it restarts.": (
        "应用只在内存中保存密钥；你要求忘记、一天没有用到或应用重启时，就会忘记它。"
    ),
    "This browser remembers it, too.": "此浏览器也记住了它。",
    "Forget the key": "忘记密钥",
    "Forget the remembered key": "忘记已记住的密钥",
    "Asking Novita…": "正在询问 Novita…",
    "The app could not be reached. Try again.": "无法连接应用，请重试。",
    "Accepted.": "已接受。",
    "Forgotten.": "已忘记。",
    "This process has forgotten the key, but others may still have it.": (
        "此进程已忘记密钥，但其他进程可能仍保留着它。"
    ),
    "This app no longer has your key, so nothing was sent.": (
        "应用里已没有你的密钥，所以没有发送任何内容。"
    ),
    "Enter it again, then click again.": "请重新输入，再点一次。",
    "This app does not accept visitors' keys.": "本应用不接受访客的密钥。",
    "Leave the key out, or ask whoever runs this app.": ("请不要发送密钥，或联系运行本应用的人。"),
    "The key was not accepted.": "密钥没有被接受。",
    "The API could not be reached, so the key was not accepted.": (
        "无法连接接口，所以没有接受密钥。"
    ),
    "The API's answer about the key can't be read.": "接口关于密钥的答复无法读取。",
    "This is too long for an API key.": "API 密钥没有这么长。",
    "Enter the key as Novita shows it.": "请按 Novita 显示的样子输入密钥。",
    "Check your key at Novita, and enter it again.": "请到 Novita 核对密钥，再重新输入。",
    "If it was bought with another key, enter that one to continue.": (
        "如果它是用另一个密钥购买的，请输入那一个，任务就会继续。"
    ),
    "Or use your own key: see the top of the page.": "也可以使用自己的密钥：见页面顶部。",
    "Waiting for your key": "等待你的密钥",
    "waits for your key": "等待密钥",
    "This was bought with your own key, which the app no longer has.": (
        "这是用你自己的密钥购买的，而应用里已没有这个密钥。"
    ),
    "Enter it again at the top of the page to continue. Nothing is sent twice.": (
        "请在页面顶部重新输入，任务就会继续，不会重复发送。"
    ),
    # The pictures
    "Pictures": "图片",
    "The first picture becomes the first frame, and the video keeps its shape.": (
        "第一张图片成为首帧，视频保持它的宽高比。"
    ),
    "Add a picture": "请添加图片",
    "Add a picture.": "请添加图片。",
    "Start with a picture": "先选一张图片",
    "Drop it anywhere on the page.": "可以拖到页面任意位置。",
    "Videos from this page restore their settings.": "本页面生成的视频会带上自己的设置。",
    "Upload": "上传",
    "Take a photo": "拍照",
    "Paste": "粘贴",
    "Add another": "再加一张",
    "Remove": "移除",
    "Remove all": "全部移除",
    "Take the photo": "拍摄",
    "Cancel": "取消",
    "Uploading…": "正在上传…",
    "The upload failed. Try again.": "上传失败，请重试。",
    "Too much has been uploaded from here or overall. Try again in an hour.": (
        "此处或全站的上传量已达上限，请一小时后再试。"
    ),
    "The camera can't be used.": "无法使用摄像头。",
    "There is no picture to paste. Copy one first.": "没有可粘贴的图片，请先复制一张。",
    "Pictures, in the order they are sent": "图片，按发送顺序排列",
    "Picture {place} of {of}": "第 {place} 张图片，共 {of} 张",
    "Drag it or use the arrow keys to move it. Delete removes it.": (
        "拖动或用方向键移动，按删除键移除。"
    ),
    "move it forward": "前移",
    "move it back": "后移",
    "remove it": "移除",
    "Or try one of these": "或者试试这些",
    "A fisherman rows across an evening lake": "渔夫划船穿过傍晚的湖面",
    "A cat looks up": "抬头的猫",
    "A lighthouse sweeps the night": "灯塔扫过夜空",
    "Cream for the espresso": "浓缩咖啡加奶油",
    "A paper boat in the rain": "雨中的纸船",
    "The fisherman rows toward the setting sun. His oar breaks the golden reflection into "
    "slow rings, and mist drifts between the pines. Slow push-in. Oars creak, water drips, "
    "far away a loon calls.": (
        "渔夫朝着落日划去。船桨把水面的金色倒影拨成一圈圈缓缓散开的涟漪，薄雾在松林间飘荡。"
        "镜头缓慢推近。船桨吱呀作响，水珠滴落，远处传来潜鸟的鸣叫。"
    ),
    "The cat turns its head and looks straight at us. Its whiskers tremble, its ears swing "
    "forward, and light slides across its green eyes. Slow push-in. It purrs, then gives one "
    "soft meow.": (
        "猫转过头，直直地望向我们。胡须微微颤动，耳朵转向前方，光线掠过它绿色的眼睛。"
        "镜头缓慢推近。它发出呼噜声，然后轻轻地喵了一声。"
    ),
    "The lighthouse beam sweeps across the night. Where it passes, mist lights up and waves "
    "flash against the rock. The camera rises slowly along the tower. Surf rolls, wind hums, "
    "a distant foghorn answers.": (
        "灯塔的光束扫过夜空。光束所到之处，雾气被照亮，浪花在礁石上闪光。"
        "镜头沿着塔身缓缓升起。海浪翻涌，风声低鸣，远处的雾号遥相呼应。"
    ),
    "Cream pours into the espresso in a thin white ribbon. The crema parts and swirls, and "
    "steam curls up over the rim. Slow orbit around the cup. Cream trickles, cups clink, a "
    "café murmurs.": (
        "奶油像一条细细的白丝带倒入浓缩咖啡。油脂散开、打着旋，热气从杯沿袅袅升起。"
        "镜头缓慢环绕杯子。奶油潺潺流下，杯盘轻碰，咖啡馆里人声低语。"
    ),
    "The paper boat sets off across the puddle. Raindrops ring the water, its reflection "
    "shivers, and a maple leaf spins in its wake. The camera follows low behind it. Rain "
    "patters, far off a tram bell rings.": (
        "纸船在水洼中启航。雨滴在水面激起一圈圈涟漪，倒影微微颤动，一片枫叶在船尾打着旋。"
        "镜头在后方低低跟随。雨声淅沥，远处传来电车的铃声。"
    ),
    "Or use picture URLs": "或者填写图片网址",
    "Picture URLs": "图片网址",
    "One per line. They come after the uploaded pictures.": "每行一个，排在上传的图片之后。",
    "“{line}” is not a picture URL.": "“{line}”不是图片网址。",
    "The video's settings are now in the form, with its first frame as the picture.": (
        "已填入视频自带的设置，并以首帧作为图片。"
    ),
    "This video has no settings from this page; its first frame is now the picture.": (
        "这段视频不含本页面的设置，已将首帧作为图片。"
    ),
    "“{name}”: {text}": "“{name}”：{text}",
    "Only the first {most} were added.": "只添加了前 {most} 个文件。",
    "This file can't be opened as a video.": "此文件无法作为视频打开。",
    # The first frame
    "First frame as sent: {size} ({ratio}).": "发送的首帧：{size}（{ratio}）。",
    "The first frame": "首帧",
    "The video will be {size}.": "视频尺寸为 {size}。",
    "The video will be about {size}.": "视频尺寸约为 {size}。",
    "The video keeps the picture's shape; its size is known once it is made.": (
        "视频保持图片的宽高比，具体尺寸生成后才知道。"
    ),
    "The picture is small, so the video will look blurry.": "图片较小，视频会显得模糊。",
    "Pad or crop the picture.": "请先补边或裁剪图片。",
    "Pad it": "补边",
    "Crop it": "裁剪",
    "Padded": "补边",
    "Cropped": "裁剪",
    "{size}, with blurred margins": "{size}，边缘模糊填充",
    "{size}, without the ends": "{size}，去掉两端",
    # What is wrong with a picture
    "Picture {number}: {text}": "图片 {number}：{text}",
    "This picture is too {shape}: {width} by {height} pixels is {ratio}, and only 1:{tallest} to "
    "{widest}:1 works. Pad or crop it.": (
        "这张图片太{shape}：{width} × {height} 像素的宽高比是 {ratio}，"
        "须在 1:{tallest} 到 {widest}:1 之间。请补边或裁剪。"
    ),
    "wide": "宽",
    "tall": "高",
    "This picture has too many pixels; the limit is {most} megapixels. Make it smaller and try "
    "again.": "这张图片像素太多：最多 {most}00 万像素。请缩小后再试。",
    "This picture is no longer available. Add it again.": "这张图片已失效，请重新添加。",
    "Up to {most} pictures can be sent at once. Remove some.": (
        "一次最多发送 {most} 张图片，请移除一些。"
    ),
    "This file is larger than {most} MB. Use a smaller one.": (
        "这个文件超过 {most} MB，请换一个小一些的。"
    ),
    "This picture has too many pixels on one side; the limit is {most}. Make it smaller and try "
    "again.": "这张图片单边像素太多：最多 {most} 像素。请缩小后再试。",
    "This picture takes too much work to open in this format. Save it again as an ordinary JPEG, "
    "or make it smaller.": "以这种格式打开这张图片太费资源。请重新存为普通 JPEG，或缩小图片。",
    "There was not enough memory to open this picture. Try again, or make it smaller.": (
        "内存不足，无法打开这张图片。请重试，或缩小图片。"
    ),
    "This is a camera RAW file. Export it as JPEG and use that.": (
        "这是相机 RAW 文件。请先导出为 JPEG 再使用。"
    ),
    "This file took too long or too much memory to open. Try again.": (
        "打开这个文件用时过长或占用内存过多。请重试。"
    ),
    "If that doesn't help, save it again as an ordinary JPEG or MP4.": (
        "如果仍然不行，请重新存为普通的 JPEG 或 MP4。"
    ),
    "This app is shutting down. Try again when it is running.": (
        "应用正在关闭，请在重新启动后再试。"
    ),
    "Too many of your files are waiting to be opened.": "你等待打开的文件太多。",
    "Try again in a minute.": "请过一分钟再试。",
    "This file can't be read as a video.": "这个文件无法作为视频读取。",
    "This video's file is larger than {most} MB.": "这个视频文件超过 {most} MB。",
    "This video's frames have too many pixels.": "这个视频的画面像素太多。",
    "This video has too many parts to read.": "这个视频包含的部分太多，无法读取。",
    "Give the task's id to Novita's support.": "请把任务 ID 提供给 Novita 客服。",
    "The video is made, but its link is not a web address.": "视频已生成，但链接不是网址。",
    "This video is too long to read.": "这个视频太长，无法读取。",
    "No frame of this video can be decoded.": "这个视频没有一帧能够解码。",
    "The video is made, but opening it took too long or too much memory.": (
        "视频已生成，但打开它用时过长或占用内存过多。"
    ),
    "This picture's file is larger than {most} MB. Make it smaller, or save it as JPEG.": (
        "这张图片的文件超过 {most} MB。请缩小图片，或存为 JPEG。"
    ),
    "There is no picture file “{name}”. Check the name, or add it again.": (
        "找不到图片文件“{name}”。请检查名称，或重新添加。"
    ),
    "The picture file “{name}” cannot be opened. Add it again.": (
        "图片文件“{name}”无法打开，请重新添加。"
    ),
    "This file is not in a supported picture format. Use a JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF "
    "or BMP.": "不支持这种图片格式。请使用 JPEG、PNG、WebP、GIF、HEIC、AVIF、TIFF 或 BMP。",
    "This picture cannot be read: the file is damaged or incomplete. "
    "Save it again as JPEG or PNG, or use another one.": (
        "这张图片无法读取：文件已损坏或不完整。请重新存为 JPEG 或 PNG，或换一张。"
    ),
    "This picture's file is empty. Save or upload it again.": (
        "这张图片的文件是空的，请重新保存或上传。"
    ),
    "This picture is empty: it has no pixels. Use another one.": (
        "这张图片是空的，没有像素，请换一张。"
    ),
    "This picture cannot be made small enough for the request. Send fewer pictures at once.": (
        "这张图片无法压缩到请求允许的大小，请一次少发几张。"
    ),
    # The prompt
    "Prompt": "提示词",
    "What should happen: one action, what reacts to it, one camera move.": (
        "写出会发生什么：一个动作、它带起的反应、一次运镜。"
    ),
    "Write a prompt.": "请输入提示词。",
    "What happens next?": "接下来发生什么？",
    "Shorten the prompt to {most} characters; it has {length}.": (
        "请把提示词缩短到 {most} 个字符，现在有 {length} 个。"
    ),
    "The cat lifts its head and looks at us, whiskers trembling. Slow push-in.": (
        "猫抬起头看向我们，胡须轻颤。镜头缓慢推近。"
    ),
    "A voice's id has at most {most} characters.": "音色 ID 最多 {most} 个字符。",
    "The addresses of the pictures are too long: one may have {one} characters, "
    "all together {most}.": "图片网址太长：单个最多 {one} 个字符，合计最多 {most} 个。",
    "The request is larger than {most} MB.": "请求超过 {most} MB。",
    "{length} of {limit} characters": "{length} / {limit} 个字符",
    "Prompt ideas": "提示词灵感",
    "Recent prompts": "最近的提示词",
    "Camera": "运镜",
    "Pace": "节奏",
    "What reacts": "细节动态",
    "Slow push-in.": "镜头缓慢推近。",
    "Slow pull-back.": "镜头缓慢拉远。",
    "Pan to the right.": "镜头向右摇移。",
    "Slow orbit.": "镜头缓慢环绕。",
    "Handheld camera.": "手持镜头。",
    "Static camera.": "镜头固定不动。",
    "In slow motion.": "慢动作。",
    "Calm and unhurried.": "节奏舒缓。",
    "Quick and lively.": "节奏明快。",
    "One smooth move.": "动作一气呵成。",
    "Time lapse.": "延时摄影。",
    "Hair and clothes move.": "头发和衣服轻轻飘动。",
    "Water ripples.": "水面泛起涟漪。",
    "Leaves stir in the wind.": "树叶在风中摇曳。",
    "Shadows shift.": "光影缓缓移动。",
    "Dust drifts in the light.": "尘埃在光中飘浮。",
    "Birdsong.": "鸟鸣声。",
    "Distant voices.": "远处的人声。",
    "Wind in the trees.": "林间风声。",
    "Waves on the shore.": "海浪拍岸声。",
    "The hum of a city.": "城市的喧嚣声。",
    "Sound is off, so words about sound have no effect.": "声音已关闭，描述声音的词不起作用。",
    # The settings
    "Duration": "时长",
    "Length of the video in seconds.": "视频长度，以秒计。",
    "Resolution": "分辨率",
    "The shorter side of the video, in pixels.": "视频短边的像素数。",
    "Takes": "生成数量",
    "How many videos one click makes. Each take has a different seed.": (
        "点一次生成几条视频，各条种子不同。"
    ),
    "one per picture": "每张图片一条",
    # The wall
    "Wall": "视频墙",
    "Video {number}": "视频 {number}",
    "Video {number}: {label}": "视频 {number}：{label}",
    "Star": "星标",
    "Starred": "已加星标",
    "Continue": "从最后一帧继续",
    "Play all": "全部播放",
    "The prompts and picture URLs together are too long.": "提示词和图片网址合计过长。",
    "Contact sheet": "缩略图总览",
    "Keys: 1 to 9 open, arrows move, S stars, X deletes.": (
        "按键：1 至 9 打开，方向键移动，S 加星标，X 删除。"
    ),
    "Variations": "组合",
    "One click makes every combination, up to 12 videos; at most two of these can vary at once. "
    "What you choose here replaces the form's own value.": (
        "点一次生成所有组合，最多 12 条；这里最多同时改变两项。在此选择的值取代表单中的值。"
    ),
    "Prompts, one per line": "提示词，每行一个",
    "With “one per picture”, the first line is for the first picture.": (
        "选“每张图片一条”时，第一行用于第一张图片。"
    ),
    "The values under Variations are used instead.": "改用“组合”中的值。",
    "One click makes up to {most} videos; this would make {number}.": (
        "点一次最多生成 {most} 条视频，现在是 {number} 条。"
    ),
    "At most {most} settings can vary at once.": "最多同时改变 {most} 项设置。",
    "Each picture needs a prompt of its own: there are {pictures} pictures and {prompts} "
    "prompts.": ("每张图片需要一个提示词：现在有 {pictures} 张图片、{prompts} 个提示词。"),
    "More settings": "更多设置",
    "Seed": "种子",
    "The same seed gives a similar video. Left empty, one is picked and shown.": (
        "相同的种子生成相近的视频。留空则自动选取并显示。"
    ),
    "Picked for you": "自动选取",
    "Sound": "声音",
    "Speech and background sound; without it the video is silent.": (
        "人声和环境声；不开启则视频无声。"
    ),
    "Voice": "音色",
    "Who speaks, by the voice's id. Left empty, the model chooses.": (
        "填写说话音色的 ID。留空由模型选择。"
    ),
    "Music": "音乐",
    "Background music.": "背景音乐。",
    "Movement": "运动幅度",
    "How strongly things move. By Vidu's own reference, Q2 models do not use it.": (
        "画面运动的强弱。按 Vidu 的文档，Q2 模型不使用此项。"
    ),
    "auto ": "自动",
    "small ": "小",
    "medium ": "中",
    "high ": "大",
    "Off-peak": "错峰",
    "About half the price; done within 48 hours, or cancelled and refunded.": (
        "约为半价；48 小时内完成，否则取消并退款。"
    ),
    "Watermark": "水印",
    "A fixed text, “AI generated”, in the video.": "在视频里加上固定文字“AI generated”。",
    "{title} goes from {lowest} to {highest}; {given} is outside.": (
        "{title}的范围是 {lowest} 到 {highest}，{given} 超出了范围。"
    ),
    "{title} must be a whole number.": "{title}必须是整数。",
    # Truths beside the controls
    "All pictures are sent, but only the first is known to be used.": (
        "所有图片都会发送，但能确定用到的只有第一张。"
    ),
    "Most sources name {limit} characters as the limit.": "多数资料给出的上限是 {limit} 个字符。",
    "0 means random to the model, so it can't be repeated.": "模型把 0 当作随机，因此无法复现。",
    "A voice has no effect without sound.": "声音关闭时，音色不起作用。",
    "Music has no effect on videos of 9 and 10 seconds.": "9 秒和 10 秒的视频，音乐不起作用。",
    "Q2 models are documented to ignore this setting.": "按文档，Q2 模型会忽略此项。",
    "Off-peak is not offered together with sound, so this may be refused.": (
        "错峰不支持同时开启声音，请求可能被拒绝。"
    ),
    # The settings as JSON, and what filled the form
    "Settings": "设置",
    "Form": "表单",
    "Request body": "请求体",
    "What is sent. Edit it, or paste a body from anywhere.": (
        "将要发送的内容。可直接修改，也可从别处粘贴。"
    ),
    "Check the JSON.": "请检查 JSON。",
    "This is too long: at most {most} characters are read.": "内容太长，最多读取 {most} 个字符。",
    "This is not a JSON object.": "这不是 JSON 对象。",
    "This is not valid JSON: see line {line}, column {column}.": (
        "JSON 格式有误：第 {line} 行，第 {column} 列。"
    ),
    "Something follows after the JSON object.": "JSON 对象之后还有多余的内容。",
    "Name the uploaded pictures before the URLs.": "请把上传的图片写在网址之前。",
    "There is no setting called {name}.": "没有名为 {name} 的设置。",
    "{title} can be {options}; “{given}” is none of them.": (
        "{title}可以是 {options}，不能是“{given}”。"
    ),
    "{title} must be text.": "{title}必须是文字。",
    "{title} is either on or off.": "{title}只能是 true 或 false。",
    "{title} can't be read.": "无法读取{title}。",
    "Give the pictures as a list.": "请用列表给出图片。",
    "{number} settings changed": "改动了 {number} 项设置",
    "1 setting changed": "改动了 1 项设置",
    "Pictures changed": "图片已更换",
    "Redo": "恢复",
    # The price and the buttons
    "Estimate": "预估价",
    "Would cost": "真实生成约需",
    " for {number} videos": "（共 {number} 条）",
    "Vidu's price list, {date}.": "按 Vidu 价目表（{date}）。",
    "Simulated: nothing is charged.": "模拟模式，不收费。",
    "Charged to {key}.": "费用记在{key}上。",
    "Usually takes {time} here.": "在这里通常需要 {time}。",
    "A draft is {duration} s at {resolution}.": "草稿为 {duration} 秒、{resolution}。",
    "Draft {price}": "草稿 {price}",
    "Make {price}": "生成 {price}",
    "Make {number} · {price}": "生成 {number} 条 {price}",
    "for free": "· 免费",
    "Simulate for free": "免费模拟",
    "Sending…": "发送中…",
    "The form had just changed, so nothing was sent.": "表单刚刚有改动，所以没有发送。",
    "This price is no longer valid, so nothing was sent.": "这个价格已失效，所以没有发送。",
    "Check the price, then click again.": "请确认价格后再点一次。",
    # Where a video stands
    "Preparing": "准备中",
    "Submitted": "已提交",
    "Queued": "排队中",
    "Processing": "生成中",
    "Saving": "保存中",
    "Done": "已完成",
    "Preparing the request": "正在准备请求",
    "Sending the request": "正在发送请求",
    "Checking the task": "正在查询任务",
    "The API can take half a minute to know a task that has just been started.": (
        "刚刚开始的任务，接口可能要过半分钟才能查到。"
    ),
    "In the queue": "排队中",
    "about {time} left": "约剩 {time}",
    "The API says “{status}”": "接口返回“{status}”",
    "Made, waiting for the link": "已生成，等待下载链接",
    "Saving the video": "正在保存视频",
    "Done in {time}": "已完成，用时 {time}",
    "{seconds} s": "{seconds} 秒",
    "{minutes} min {seconds} s": "{minutes} 分 {seconds} 秒",
    "Progress": "进度",
    "No video was made": "没有生成视频",
    "Not submitted": "未提交",
    "Not sent": "没有发送",
    "Unknown: it may have been bought": "结果未知：可能已经下单",
    "No longer watched": "已停止跟踪",
    "Sent at {time}: “{prompt}”, {seconds} s, {resolution}.": (
        "于 {time} 发送：“{prompt}”，{seconds} 秒，{resolution}。"
    ),
    "Video": "视频",
    "{size}, {seconds}, {rate} fps, {sound}": "{size}，{seconds}，{rate} 帧/秒，{sound}",
    "seed {number}": "种子 {number}",
    "would cost {amount}": "真实费用约 {amount}",
    "Draft done in {time}": "草稿已完成，用时 {time}",
    "Draft of": "草稿原设置",
    "Details": "详情",
    "Make in full": "生成完整视频",
    "Make in full for free": "免费生成完整视频",
    "More": "更多",
    "Share": "分享",
    "Make": "制作",
    "Videos": "视频",
    "with sound": "有声",
    "silent": "无声",
    "Task": "任务",
    "Copy": "复制",
    "Copied": "已复制",
    "Stop watching": "停止跟踪",
    "Resume watching": "继续跟踪",
    "Make a second one anyway": "仍要再生成一条",
    "Make {number} more anyway": "仍要再生成 {number} 条",
    "Download again": "重新下载",
    "The video file is missing.": "视频文件已不存在。",
    "Download again: that costs nothing, and works as long as the vendor keeps it.": (
        "重新下载是免费的，只要服务商还保留着它。"
    ),
    "Status unavailable": "暂时无法查看",
    "No videos are lost. This page will try again by itself.": "视频不会丢失，页面会自动重试。",
    "That didn't work": "操作失败",
    "Connection lost": "连接已断开",
    "The app can't be reached at the moment.": "暂时无法连接到本应用。",
    "Videos that you have bought will still be made and saved.": "你已购买的视频会继续生成并保存。",
    "As soon as the app answers, this page loads again, with your pictures and prompt.": (
        "应用恢复后，页面会自动重新加载，图片和提示词会保留。"
    ),
    "Something in the app has failed.": "应用内部出错了。",
    "Try again. If that fails, too, load the page again: your form is kept.": (
        "请重试。如果仍然失败，请重新加载页面：表单内容会保留。"
    ),
    "Something in the app has failed after your click.": "你点击之后，应用内部出错了。",
    "Load the page again, and look at your videos before you click once more.": (
        "请重新加载页面，先查看你的视频，再决定是否再次点击。"
    ),
    "The app has changed since this page was loaded, so nothing was done.": (
        "页面加载之后应用已更新，所以没有执行任何操作。"
    ),
    "Load the page again: your form is kept.": "请重新加载页面：表单内容会保留。",
    "This is more text than the app takes at once, so nothing was done.": (
        "文字超出了应用一次能接收的长度，所以没有执行任何操作。"
    ),
    "Shorten it, then try again.": "请缩短后重试。",
    "You are signed out": "你已退出登录",
    "The app no longer knows who you are, so nothing was done.": (
        "应用已无法确认你的身份，所以没有执行任何操作。"
    ),
    "Load the page again, and sign in: your form is kept.": (
        "请重新加载页面并登录：表单内容会保留。"
    ),
    "The host's limits don't allow this now, so nothing was sent.": (
        "运营者的限制目前不允许，所以没有发送。"
    ),
    "Come back later.": "请稍后再来。",
    "Not possible now": "目前不可用",
    "The host of this app has paused it, so nothing was sent.": (
        "运营者暂停了本应用，所以没有发送。"
    ),
    "Come back later. Videos that are already being made are finished and kept.": (
        "请稍后再来。正在生成的视频会继续完成并保存。"
    ),
    "This app has no disk space left, so nothing was sent.": (
        "本应用的磁盘空间已用完，所以没有发送。"
    ),
    "Delete some of your videos, or come back later.": "请删除一些视频，或稍后再来。",
    "Pictures and videos are kept until you delete them.": "图片和视频会一直保留，直到你删除。",
    "Pictures, videos and prompts are deleted a day after a video is made.": (
        "图片、视频和提示词会在视频生成一天后删除。"
    ),
    "Pictures, videos and prompts are deleted {days} days after a video is made.": (
        "图片、视频和提示词会在视频生成 {days} 天后删除。"
    ),
    "Too many keys have been entered, so this one was not checked.": (
        "输入的密钥过多，所以没有检查这个密钥。"
    ),
    "Too many task ids have been entered, so this one was not opened.": (
        "输入的任务 ID 过多，所以没有打开这个任务。"
    ),
    "Try again in an hour.": "请一小时后再试。",
    "Paused by the host": "运营者已暂停",
    "This is more than one click can cost here, so nothing was sent.": (
        "这超过了这里单次点击的费用上限，所以没有发送。"
    ),
    "One click can cost up to {most} here, and this would cost {price}.": (
        "这里单次点击最多花费 {most}，而这次需要 {price}。"
    ),
    "Choose a shorter video, a lower resolution or fewer takes.": (
        "请缩短视频、降低分辨率或减少条数。"
    ),
    "Over {most} per click": "超过单次上限 {most}",
    "This is more than each visitor can make at once here, so nothing was sent.": (
        "这超过了这里每位访客可同时生成的数量，所以没有发送。"
    ),
    "Each visitor can make up to {most} videos at once here.": (
        "这里每位访客最多同时生成 {most} 条视频。"
    ),
    "Each visitor can make up to {most} videos at once here. Yours not finished: {running}.": (
        "这里每位访客最多同时生成 {most} 条视频；你还有 {running} 条未完成。"
    ),
    "Wait until one is finished, or ask for fewer.": "请等其中一条完成，或减少条数。",
    "Up to {most} videos at once": "最多同时 {most} 条",
    "Today's budget is used up": "今天的预算已用完",
    "Your budget for today is used up": "你今天的额度已用完",
    "Your budget for today is used up, so nothing was sent.": "你今天的额度已用完，所以没有发送。",
    "This would exceed your budget for today: {left} of {budget} is left, and this would cost "
    "{price}.": "超出你今天的额度：{budget} 只剩 {left}，而这次需要 {price}。",
    "{left} left for you until midnight UTC.": "到 UTC 午夜前你还可用 {left}。",
    "Today's budget is used up, so nothing was sent.": "今天的预算已用完，所以没有发送。",
    "This would exceed today's budget: {left} of {budget} is left, and this would cost {price}.": (
        "超出今天的预算：{budget} 只剩 {left}，而这次需要 {price}。"
    ),
    "Choose a cheaper video, or come back after midnight UTC.": (
        "请选便宜一些的视频，或在 UTC 零点之后再来。"
    ),
    "This page did not load completely, so nothing was sent.": "页面没有完整加载，所以没有发送。",
    "Reload it.": "请重新加载。",
    "This frame of the video can't be read.": "无法读取这段视频的这一帧。",
    "Use another picture.": "请换一张图片。",
    "Tell me when it is done": "完成时提醒我",
    "Your video is done": "视频完成了",
    "1 running": "1 条进行中",
    "{number} running": "{number} 条进行中",
    # What came is not what was asked for
    "Asked for {asked} s; the video is {came} s long.": "要求 {asked} 秒，实际 {came} 秒。",
    "Asked for {asked}; the video is {width} × {height} pixels.": (
        "要求 {asked}，实际 {width} × {height} 像素。"
    ),
    "Asked for a silent video; this one has an audio track.": "要求无声，这段视频却有音轨。",
    "Asked for sound; the video has no audio track.": "要求有声，这段视频却没有音轨。",
    "Asked for music; the video has no audio track.": "要求配乐，这段视频却没有音轨。",
    # The money
    "Nothing was charged.": "没有扣费。",
    "It may have been charged.": "可能已扣费。",
    "The video was made, so it counts as charged.": "视频已生成，按已扣费算。",
    "This was simulated, so nothing was charged.": "这是模拟，没有扣费。",
    "Made by": "生成方式",
    "The simulator, without a model": "模拟器生成，不使用模型",
    # Before anything is sent
    "Something went wrong.": "出了点问题。",
    "The request is not complete.": "请求还不完整。",
    "Change that, then send it.": "请修改后再发送。",
    "There is no API key.": "没有 API 密钥。",
    "The API key contains a character that no key has, such as a line break.": (
        "API 密钥里有不该有的字符，例如换行。"
    ),
    "Set NOVITA_API_KEY. Without a key, set what python -m vidu_demo.simulator prints.": (
        "请设置 NOVITA_API_KEY。没有密钥时，可运行 python -m vidu_demo.simulator，"
        "并设置它给出的变量。"
    ),
    "You already asked for this video, and it is not finished.": (
        "你已经请求过一条完全相同的视频，它还没有完成。"
    ),
    "Wait for it, change something, or make a second one on purpose.": (
        "可以等它完成、改动设置，或特意再生成一条。"
    ),
    "Already asked for and not finished: {number} of these {of} videos.": (
        "这 {of} 条视频中有 {number} 条已经请求过，还没有完成。"
    ),
    "You sent this same request before, and its answer was lost: "
    "a task may be running and billed.": (
        "同样的请求你发送过，但没有收到答复：可能有任务正在运行并扣费。"
    ),
    "Look in the Novita console first. Sending it again could buy it twice.": (
        "请先查看 Novita 控制台：再发送一次可能会重复购买。"
    ),
    "You are already watching {number} tasks, which is the limit.": (
        "你已经在跟踪 {number} 个任务，这是每位访客的上限。"
    ),
    "Wait until some of them are finished, or stop watching some.": (
        "请等其中一些完成，或停止跟踪一些。"
    ),
    "This job was not submitted, so its pictures were not kept. The ones in the form stay.": (
        "这个任务未提交，所以没有保留它的图片。表单里已有的图片不变。"
    ),
    "The app was stopped before this was sent.": "应用在发送之前停止了。",
    "The disk is nearly full, so nothing was sent.": "磁盘快满了，所以没有发送。",
    "The data folder can't be written ({why}), so nothing was sent.": (
        "数据文件夹无法写入（{why}），所以没有发送。"
    ),
    "A picture can't be read ({why}), so nothing was sent.": (
        "图片无法读取（{why}），所以没有发送。"
    ),
    "The list of jobs can't be written, so nothing was sent.": "任务列表无法写入，所以没有发送。",
    "The list of jobs can't be written: {why}.": "任务列表无法写入：{why}。",
    "The list of jobs can't be read: {why}.": "任务列表无法读取：{why}。",
    "The host of this app must free disk space or repair the data folder.": (
        "需要由本应用的运营者腾出空间或修复数据文件夹。"
    ),
    # When it is sent
    "The API could not be reached.": "无法连接到接口。",
    "The API could not be reached ({why}).": "无法连接到接口（{why}）。",
    "Check the connection and NOVITA_BASE_URL, then send it again.": (
        "请检查网络和 NOVITA_BASE_URL，然后重新发送。"
    ),
    "The request was sent, but its answer was lost: a task may be running without its id.": (
        "请求已发送，但没有收到答复：可能有任务正在运行，但没有拿到它的 ID。"
    ),
    "The request was sent, but {text}: a task may be running without its id.": (
        "请求已发送，但{text}：可能有任务正在运行，但没有拿到它的 ID。"
    ),
    "no answer came ({why})": "没有收到答复（{why}）",
    "the answer names no task (HTTP {status})": "答复中没有任务 ID（HTTP {status}）",
    "The app was stopped while this was being sent: a task may be running without its id.": (
        "应用在发送途中停止了：可能有任务正在运行，但没有拿到它的 ID。"
    ),
    "Look in the Novita console before you send it again: that could buy it twice.": (
        "重新发送之前，请先查看 Novita 控制台，否则可能会重复购买。"
    ),
    # What the API says
    "{text} It said “{said}”.": "{text}接口返回：“{said}”。",
    "{text} It answered HTTP {status}.": "{text}接口返回 HTTP {status}。",
    "{text} No reason was given.": "{text}没有给出原因。",
    "The API turned the request away.": "接口拒绝了请求。",
    "Nothing runs. The reason given may say what to change.": (
        "没有任务在运行。给出的原因也许说明了要改什么。"
    ),
    "The API did not accept the key.": "接口不接受这个密钥。",
    "Check NOVITA_API_KEY and start the app again.": "请检查 NOVITA_API_KEY，然后重启应用。",
    "The account behind the key has too little balance.": "密钥所属账户余额不足。",
    "Top it up at Novita, or choose a shorter or smaller video.": (
        "请在 Novita 充值，或选择更短、分辨率更低的视频。"
    ),
    "Something between here and the API turned the request away, such as a firewall or a proxy.": (
        "请求在到达接口之前被拦下了，可能是防火墙或代理。"
    ),
    "Check the network, its proxy or VPN, and NOVITA_BASE_URL, then send it again.": (
        "请检查网络、代理或 VPN，以及 NOVITA_BASE_URL，然后重新发送。"
    ),
    "The account behind the key may not use this model.": "密钥所属账户无权使用这个模型。",
    "Check in the Novita console whether it must be verified or the model switched on.": (
        "请在 Novita 控制台查看是否需要认证账户或开通模型。"
    ),
    "The content check refused the prompt.": "提示词没有通过内容审核。",
    "Change the wording: sending the same again can get the account suspended.": (
        "请修改措辞：重复发送同样的内容可能导致账户被停用。"
    ),
    "The content check refused the picture.": "图片没有通过内容审核。",
    "Use another picture: sending the same again can get the account suspended.": (
        "请换一张图片：重复发送同样的内容可能导致账户被停用。"
    ),
    "The content check refused the finished video.": "生成的视频没有通过内容审核。",
    "Change the prompt or the picture before you try another.": "请修改提示词或图片后再试。",
    "The API could not use the picture.": "接口无法使用这张图片。",
    "Try a smaller JPEG or PNG, or give the picture as a public URL.": (
        "请换更小的 JPEG 或 PNG，或填写公开的图片网址。"
    ),
    "The API found something wrong in the request.": "接口认为请求有误。",
    "Check the settings. If the picture was uploaded, a public URL may work instead.": (
        "请检查设置。如果图片是上传的，改用公开的图片网址也许可行。"
    ),
    "The API is taking no more requests for the moment.": "接口暂时不接受更多请求。",
    "Wait a minute, then send it again.": "请等一分钟再发送。",
    "The API knows no such task or address.": "接口没有这个任务或地址。",
    "Check the task's id, the key it was started with, and NOVITA_BASE_URL.": (
        "请检查任务 ID、开始任务时用的密钥和 NOVITA_BASE_URL。"
    ),
    "The API had an internal error.": "接口自身出了故障。",
    "Your request is not the cause. Give it some time.": "这与你的请求无关，请稍等一会儿。",
    # What becomes of a task
    "The API gave no answer about the task ({why}).": "没有收到关于任务的答复（{why}）。",
    "The API's answer about the task can't be read.": "接口关于任务的答复无法读取。",
    "The task is not affected. Check again.": "任务不受影响，请再次查询。",
    "Only this check was refused, not the task. Check again later by its id.": (
        "被拒绝的是查询，不是任务：请稍后用任务 ID 再次查询。"
    ),
    "The task failed at the vendor.": "任务在服务商那边失败了。",
    "Vidu does not charge for failed tasks. Novita does not say, so check the balance.": (
        "Vidu 对失败的任务不计费；Novita 没有说明，请查看余额。"
    ),
    "{before} {after}": "{before}{after}",
    "The API gave no usable answer {times} times in a row. The last: {text}": (
        "接口连续 {times} 次没有给出可用的答复。最近一次：{text}"
    ),
    "The API answered {times} times in a row with the status “{status}”, "
    "which is not documented.": "接口连续 {times} 次返回文档中没有的状态“{status}”。",
    "The task may still be running. Check again later by its id.": (
        "任务可能仍在运行：请稍后用任务 ID 再次查询。"
    ),
    "You stopped watching. The task goes on at the vendor and may be billed.": (
        "你已停止跟踪。任务仍在服务商那边进行，可能会扣费。"
    ),
    "You stopped watching. The simulated task goes on.": "你已停止跟踪，模拟任务仍在进行。",
    "Watch it again at any time: that costs nothing.": "随时可以继续跟踪，免费。",
    # Fetching the video
    "The task is reported as done, but without a link to the video.": (
        "任务显示已完成，但没有视频链接。"
    ),
    "Check again later by its id. If nothing changes, give the id to Novita's support.": (
        "请稍后用任务 ID 再次查询。如果一直这样，请把 ID 发给 Novita 客服。"
    ),
    "The video is made, but could not be downloaded.": "视频已生成，但没能下载。",
    "Download again by the task's id. That costs nothing.": "请用任务 ID 重新下载，免费。",
    "The link to the video has expired.": "视频链接已过期。",
    "The video is made, but the link to it no longer works (HTTP {status}).": (
        "视频已生成，但链接已失效（HTTP {status}）。"
    ),
    "The video is made, but its host answered HTTP {status}.": (
        "视频已生成，但存放它的服务器返回 HTTP {status}。"
    ),
    "The video is made, but its download was interrupted ({why}).": (
        "视频已生成，但下载中断了（{why}）。"
    ),
    "The video is made, but the file can't be written: {why}.": (
        "视频已生成，但文件无法写入：{why}。"
    ),
    "Free disk space or choose another folder, then download again for free.": (
        "请腾出空间或换一个文件夹，再免费重新下载。"
    ),
    "The video is made, but its download was too slow: only {came} bytes arrived.": (
        "视频已生成，但下载太慢：只收到 {came} 字节。"
    ),
    "The video is made, but its download stopped before the end.": (
        "视频已生成，但下载到的文件不完整。"
    ),
    "The video is made, but its link leads to {host}, which is not a public https address.": (
        "视频已生成，但链接指向 {host}，它不是公开的 https 地址。"
    ),
    "The link to the video does not lead to a public https address.": (
        "视频链接指向的不是公开的 https 地址。"
    ),
    "If you trust that host, add it to VIDU_MEDIA_HOSTS and download again for free.": (
        "如果你信任这个服务器，请把它加入 VIDU_MEDIA_HOSTS，再免费重新下载。"
    ),
    "The video is made, but its link leads to {kind}.": "视频已生成，但链接指向的是 {kind}。",
    "The video is made, but the downloaded file can't be played.": (
        "视频已生成，但下载到的文件无法播放。"
    ),
    "The video is larger than {most} MB.": "视频超过 {most} MB。",
    # The example
    "An example": "示例",
    "Made by the simulator: no model was used.": "由模拟器生成，没有使用模型。",
    "Your own videos appear here.": "你的视频会出现在这里。",
    # What to do with a video
    "Use these settings": "使用这些设置",
    "With a new seed": "换个种子用",
    "Change the prompt": "修改提示词",
    "Choose another picture": "换一张图片",
    "Continue from last frame": "从最后一帧继续",
    # The list
    "Compare: {prompt}": "对比：{prompt}",
    "Download: {prompt}": "下载：{prompt}",
    "Delete: {prompt}": "删除：{prompt}",
    "Your videos": "你的视频",
    "The videos you make will be listed here, with everything they were made from.": (
        "你生成的视频会列在这里，并附上生成时用到的一切。"
    ),
    "Search your videos by prompt, seed, resolution, state or task id": (
        "按提示词、种子、分辨率、状态或任务 ID 搜索视频"
    ),
    "Search prompts, seeds, states": "搜索提示词、种子、状态",
    "{found} of {all}": "{found} / {all} 条",
    "No videos found.": "没有找到视频。",
    "Today": "今天",
    "Yesterday": "昨天",
    "Show more": "显示更多",
    "Draft": "草稿",
    "Selected videos": "选中的视频",
    "Select: {prompt}": "选择：{prompt}",
    "Select all": "全选",
    "Download {number}": "下载 {number} 条",
    "Delete {number}": "删除 {number} 条",
    "Some may still be running. Delete?": "其中有些可能仍在运行，仍要删除？",
    "1 video will be deleted in {seconds} s.": "1 条视频将在 {seconds} 秒后删除。",
    "{number} videos will be deleted in {seconds} s.": "{number} 条视频将在 {seconds} 秒后删除。",
    "Undo": "撤销",
    "simulated": "模拟",
    "sending": "发送中",
    "running": "进行中",
    "saving": "保存中",
    "done": "已完成",
    "failed": "失败",
    "not made": "未生成",
    "unknown": "未知",
    "not watched": "未跟踪",
    "watched": "跟踪中",
    "nothing charged": "未扣费",
    "may have been billed": "可能已扣费",
    "may be billed": "可能会扣费",
    "Compare": "对比",
    "Download": "下载",
    "Delete": "删除",
    "It may still be running. Delete?": "可能仍在运行，仍要删除？",
    # Films
    "Film": "影片",
    "Your films": "你的影片",
    "Start a film": "新建影片",
    "Add to film": "加入影片",
    "1 part": "1 段",
    "{number} parts": "{number} 段",
    "Part {place}": "第 {place} 段",
    "Part {place} of {of}": "第 {place} 段，共 {of} 段",
    "Parts, in the order they are played": "各段，按播放顺序",
    "Drag it or use the arrow keys to move it. Enter opens it, Delete removes it.": (
        "拖动或用方向键移动，按 Enter 打开，按 Delete 移除。"
    ),
    "Continue from {seconds} s": "从 {seconds} 秒处继续",
    "gone": "已不在",
    "missing": "缺失",
    "from": "从",
    "to": "到",
    "Make again": "重新生成",
    "make it again": "重新生成",
    "The open video is another take of part {place}.": "当前视频是第 {place} 段的另一个版本。",
    "Use this take": "改用这个版本",
    "The open video is not in this film.": "当前视频不在这部影片中。",
    "Join into one video": "拼接成一个视频",
    "Joining": "正在拼接",
    "Joining: {percent}%": "正在拼接：{percent}%",
    "Stop": "停止",
    "Download the film": "下载影片",
    "Some parts have no video yet.": "有的片段还没有视频。",
    "Delete the film? Its videos stay.": "删除影片？其中的视频会保留。",
    "Too many films were dropped from here or overall, so this one was not restored.": (
        "从此处或总计拖入的影片过多，因此这部影片没有恢复。"
    ),
    "The film's parts are below the video again.": "影片的各段已重新列在视频下方。",
    "{number} of this film's {of} parts are no longer among your videos. "
    "Click one to fill the form with its settings and make it again.": (
        "这部影片共 {of} 段，其中 {number} 段已不在你的视频里。"
        "点击其中一段即可重新生成：其设置会填入表单。"
    ),
    "A part of this film is not finished, or its video is missing.": (
        "影片中有一段尚未完成，或其视频已缺失。"
    ),
    "Wait for it, make it again, or remove it.": "请等它完成，或重新生成、移除它。",
    "This video has been deleted, perhaps in another tab.": (
        "此视频已被删除，可能是在另一个标签页中。"
    ),
    "Open another one.": "请打开另一个视频。",
    "You have {number} films, which is the limit.": (
        "你已有 {number} 部影片，达到每位访客的上限。"
    ),
    "Delete one that you no longer need.": "请删除一部不再需要的影片。",
    "The film has {number} parts, which is the limit.": "影片已有 {number} 段，达到上限。",
    "The film has {number} parts, which is the limit, so this will not be in it.": (
        "影片已有 {number} 段，达到上限，因此这个视频不会加入影片。"
    ),
    "You have {number} films, which is the limit, so no new one will be started.": (
        "你已有 {number} 部影片，达到每位访客的上限，因此不会新建影片。"
    ),
    # The videos beside the open one
    "Other videos": "其他视频",
    "Previous video": "上一条视频",
    "Next video": "下一条视频",
    # Two side by side
    "Side by side": "并排对比",
    "Close": "关闭",
    "Play": "播放",
    "Pause": "暂停",
    "Seconds": "秒",
    "First video": "第一条视频",
    "Second video": "第二条视频",
    "left": "左",
    "right": "右",
    "top": "上",
    "bottom": "下",
    "off": "关",
    "on": "开",
    "Setting": "项目",
    "Left": "左",
    "Right": "右",
    "Top": "上",
    "Bottom": "下",
    "different": "不同",
    "chosen by the model": "由模型选择",
    "Done in": "用时",
    "Both were made from the same pictures with the same settings.": (
        "两条视频的图片和设置都相同。"
    ),
    "One of these videos can’t be played here. Download it to watch it.": (
        "其中一条无法在这里播放，请下载后观看。"
    ),
    # Code, calls, links, tasks
    "Request": "请求",
    "Answers": "响应",
    "What was sent. The key, signatures and pictures are left out.": (
        "发送的内容。不含密钥、签名和图片内容。"
    ),
    "What the API answered. Identical answers in a row are grouped, with a count.": (
        "接口的响应。连续相同的响应合并为一条，并注明次数。"
    ),
    "Code": "代码",
    "The form as a program, which buys as many videos as the form, one after the other. A video "
    "that was made has its own under Request.": (
        "此表单的代码，依次购买与表单数量相同的视频。已生成的视频，其代码在“请求”中。"
    ),
    "It is complete: it reads the key from NOVITA_API_KEY and the pictures from its own folder, "
    "and sends them as they are.": (
        "代码完整，可直接运行：从 NOVITA_API_KEY 读取密钥，从所在文件夹读取图片并原样发送。"
    ),
    "Copy a link to this form": "复制此表单的链接",
    "Link copied.": "链接已复制。",
    "Uploaded pictures are not in it.": "链接不含上传的图片。",
    "Picture URLs with “?” or “@” are not in it, because they may be secret.": (
        "带“?”或“@”的图片网址可能含有机密，所以链接不含它们。"
    ),
    "Continue a task by its id": "用任务 ID 继续跟踪",
    "Task id": "任务 ID",
    "Any task started with this key, here or elsewhere. Watching is free.": (
        "用这个密钥创建的任务都可以，不限于本页面。跟踪免费。"
    ),
    "Watch": "跟踪",
    "Nothing to watch": "没有可跟踪的任务",
    "This doesn't look like a task id.": "这不像是任务 ID。",
    "Copy the whole id.": "请复制完整的任务 ID。",
    # Joining videos
    "Part {number}: {why}": "第 {number} 段：{why}",
    "Part {number} can't be read as a video.": "第 {number} 段无法作为视频读取。",
    "Part {number} is longer than {most} s.": "第 {number} 段超过 {most} 秒。",
    "Nothing is left of part {number}.": "第 {number} 段裁剪后没有剩余内容。",
    "Up to {most} videos can be joined.": "最多可拼接 {most} 条视频。",
    "These videos can't be joined.": "这些视频无法拼接。",
    "The joined video can't be written: {why}.": "无法写入拼接后的视频：{why}。",
    "The joined video can't be written: it is not complete.": "无法写入拼接后的视频：文件不完整。",
    "The joined video can't be written: its settings are too long.": (
        "无法写入拼接后的视频：其设置过长。"
    ),
    "The joined video can't be written.": "无法写入拼接后的视频。",
    "the encoder failed": "编码失败",
    "Joining took too long or too much memory.": "拼接耗时过长或占用内存过多。",
    "Joining can't start: this machine is too busy.": "无法开始拼接：本机过于繁忙。",
    "Too many of your videos are waiting to be joined. Try again later.": (
        "你等待拼接的视频太多。请稍后再试。"
    ),
    "There is no disk space left for the joined video.": "磁盘空间不足，无法保存拼接后的视频。",
    # Taking along and sharing
    "Download {number} as a zip": "打包下载 {number} 条",
    "Download as a zip": "打包下载",
    "Zip": "打包",
    "A zip with the videos, their pictures and settings, and a page that plays them offline": (
        "一个压缩包，内含视频、图片、设置，以及可离线播放的网页"
    ),
    "A zip can hold up to {most} videos and 2 GB.": "一个压缩包最多 {most} 条视频、2 GB。",
    "Choose fewer.": "请少选一些。",
    "There is no video to download.": "没有可下载的视频。",
    "Choose finished videos.": "请选择已完成的视频。",
    "This download is no longer available. Start it again on the page.": (
        "此下载已失效。请在页面上重新开始。"
    ),
    "To use their settings and pictures again, drop the zip on the page where they were made.": (
        "把压缩包拖到生成这些视频的页面，即可再次使用其设置和图片。"
    ),
    "Picture": "图片",
    "The first video's settings and pictures are now in the form.": (
        "第一条视频的设置和图片已填入表单。"
    ),
    "{number} videos in this zip": "此压缩包中有 {number} 条视频",
    "No prompt": "无提示词",
    "This is not a zip of videos from this page.": "这不是本页面生成的压缩包。",
    "This zip has files that are not safe to read, so nothing in it was used.": (
        "此压缩包含有不安全的内容，因此未使用其中任何内容。"
    ),
    "This zip is too large when unpacked, so nothing in it was used.": (
        "此压缩包解压后过大，因此未使用其中任何内容。"
    ),
    "This zip has more than {most} files.": "此压缩包的文件超过 {most} 个。",
    "This zip is damaged.": "此压缩包已损坏。",
    "There is no video to share.": "没有可分享的视频。",
    "Open a finished video.": "请打开一个已完成的视频。",
    "This video can't be copied without its settings.": "无法生成不含设置的副本。",
    "Download it as it is.": "请直接下载。",
    "Share a link": "分享链接",
    "Download without settings": "下载（不含设置）",
    "Share this video": "分享此视频",
    "Anyone with the link can see the video, its prompt and its settings, but not your pictures "
    "or other videos. They can't spend your money.": (
        "获得链接的人可以看到视频、提示词和设置，但看不到你的图片和其他视频，也不能花你的钱。"
    ),
    "It works until you revoke it or the video is deleted.": (
        "链接一直有效，直到你撤销或视频被删除。"
    ),
    "This address only works on this machine. Others can use it once the app has a public one.": (
        "此地址只能在这台机器上打开。应用有了公开地址后，其他人才能使用。"
    ),
    "Make a link": "创建链接",
    "Copy the link": "复制链接",
    "Revoke the link": "撤销链接",
    "A video made with Vidu Q2 Pro": "用 Vidu Q2 Pro 制作的视频",
    "Made by the simulator, without a model.": "由模拟器制作，未使用模型。",
    "Fills the form with this prompt and these settings. The pictures are not shared, so add your "
    "own. Nothing is made until you press Make.": (
        "把此提示词和设置填入表单。图片不会分享，请添加你自己的图片。点击生成之前不会制作任何内容。"
    ),
    "There is no video at this link": "此链接没有对应的视频",
    "The link was revoked, or its video was deleted.": "链接已被撤销，或视频已被删除。",
    "Open the app": "打开应用",
    # For programs
    "Use this app from a program": "在程序中使用本应用",
    "Programs make videos as the page does, and the same limits hold for them.": (
        "程序可以像页面一样生成视频，并受同样的限制。"
    ),
    "A program that sends a Novita API key as the header {header} pays with it.": (
        "程序如果用请求头 {header} 发送 Novita API 密钥，费用就记在该密钥上。"
    ),
    "Assistants find the first three as MCP tools at {url}.": (
        "前三个接口也是 MCP 工具，地址是 {url}。"
    ),
    "Endpoints": "接口",
    "Parameters": "参数",
    "By default: {value}": "默认值：{value}",
    "{title}.": "{title}：",
    "{low} to {high}.": "范围是 {low} 到 {high}。",
    "One of {choices}.": "可选值：{choices}。",
    "Starts a video, which costs money unless it is simulated, and returns at once; then ask "
    "/task. With variations it starts several, and the answer lists them as videos.": (
        "开始生成一条视频并立即返回，除模拟外会产生费用；之后请查询 /task。使用 variations "
        "可以一次生成多条，结果在 videos 中逐条列出。"
    ),
    "Returns a job's status and, once it is done, its video. Free.": (
        "返回任务状态，完成后返回视频。免费。"
    ),
    "Says what videos would cost, who pays, and whether they can be bought now. Free.": (
        "返回视频的价格、由谁付费，以及现在能否购买。免费。"
    ),
    "Makes one video: streams its status, then returns the file.": (
        "生成一条视频：持续返回状态，最后返回文件。"
    ),
    "Uploaded picture files.": "上传的图片文件。",
    "Public picture URLs, one per line.": "公开的图片网址，每行一个。",
    "A random text of your own, 16 to 128 characters, such as a UUID. The same key never buys "
    "twice, so send a lost call again with its key. It also names the job for /task, so keep it "
    "to yourself.": (
        "自定的随机文本，16 到 128 个字符，例如 UUID。同一个键不会重复购买，所以调用丢失后可以用"
        "同一个键再次发送。它也是 /task 查询任务所用的名称，请勿公开。"
    ),
    "What differs between several videos, as JSON: a number of takes from 1 to 4, or an object "
    "such as {example}, with lists of prompts, duration, resolution, audio or movement_amplitude, "
    "two at most; with each_picture, every picture makes its own videos, each with its own prompt "
    "from prompts. All combinations are made, up to 12 videos.": (
        "多条视频之间的差异，用 JSON 表示：1 到 4 的条数，或者对象，例如 {example}，其中 prompts、"
        "duration、resolution、audio 或 movement_amplitude 可以是列表，最多两项；使用 "
        "each_picture 时，每张图片生成各自的视频，并使用 prompts 中各自的提示词。所有组合都会"
        "生成，最多 12 条视频。"
    ),
    "The job that /submit returned, also for one of several videos.": (
        "/submit 返回的 job，也可以是多条视频中的一条。"
    ),
    # Signing in
    "Your name, if you like": "姓名（可不填）",
    "Password": "密码",
    "Sign in": "登录",
    "Sign in with Hugging Face": "用 Hugging Face 登录",
    "Sign out": "退出登录",
    "Signed in.": "已登录。",
    "Signed in as {name}.": "已登录：{name}。",
    "Wrong password.": "密码不对。",
    "Too many wrong passwords. Try again in {seconds} s.": (
        "密码错误次数过多，请在 {seconds} 秒后再试。"
    ),
    "{name} is not on this app's list.": "{name} 不在此应用的名单上。",
    "Signing in with Hugging Face did not work. Try again.": "用 Hugging Face 登录失败，请重试。",
}
